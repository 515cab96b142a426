package ram_test

import (
	"errors"
	"testing"

	"github.com/rollcall-im/rollcall/internal/ram"
)

func TestWhatIsUsedStays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want *ram.Error
	}{
		{ram.UserHas{}.CheckUnused(), nil},
		{ram.UserHas{Keys: 1, Policies: 1, Groups: 1}.CheckUnused(), ram.ErrUserHasAccessKey},
		{ram.UserHas{Policies: 1, Groups: 1}.CheckUnused(), ram.ErrUserHasPolicy},
		{ram.UserHas{Groups: 1}.CheckUnused(), ram.ErrUserInGroup},
		{ram.GroupHas{}.CheckUnused(), nil},
		{ram.GroupHas{Users: 1, Policies: 1}.CheckUnused(), ram.ErrGroupHasUser},
		{ram.GroupHas{Policies: 1}.CheckUnused(), ram.ErrGroupHasPolicy},
		{ram.CheckRoleUnused(0), nil},
		{ram.CheckRoleUnused(1), ram.ErrRoleHasPolicy},
		{ram.PolicyHas{Versions: 1}.CheckUnused(), nil},
		{ram.PolicyHas{Users: 1, Groups: 1, Roles: 1, Versions: 2}.CheckUnused(), ram.ErrPolicyAtUser},
		{ram.PolicyHas{Groups: 1, Roles: 1, Versions: 2}.CheckUnused(), ram.ErrPolicyAtGroup},
		{ram.PolicyHas{Roles: 1, Versions: 2}.CheckUnused(), ram.ErrPolicyAtRole},
		{ram.PolicyHas{Versions: 2}.CheckUnused(), ram.ErrPolicyHasVersion},
	} {
		if c.want == nil && c.err != nil || c.want != nil && !errors.Is(c.err, c.want) {
			t.Errorf("refused with %v, want %v", c.err, c.want)
		}
	}
}

func TestMakeRoom(t *testing.T) {
	t.Parallel()
	full := []int64{2, 3, 4, 6, 7}
	for _, c := range []struct {
		versions  []int64
		byDefault int64
		rotate    bool
		oldest    int64
		refused   bool
	}{
		{full[:4], 2, false, 0, false},
		{full[:4], 2, true, 0, false},
		{full, 7, false, 0, true},
		{full, 7, true, 2, false},
		{full, 2, true, 3, false},
	} {
		oldest, err := ram.MakeRoom(c.versions, c.byDefault, c.rotate)
		if oldest != c.oldest || (err != nil) != c.refused {
			t.Errorf("of %v with %d as the default, %d goes (%v); want %d", c.versions, c.byDefault, oldest, err, c.oldest)
		}
	}
}
