package ram

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// stream is random enough for a test and the same every time.
type stream struct{ block uint64 }

func (s *stream) Read(p []byte) (int, error) {
	s.block++
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, s.block))
	return copy(p, sum[:]), nil
}

func TestGenerateAccessKey(t *testing.T) {
	id := regexp.MustCompile(`^LTAI5t[0-9A-Za-z]{18}$`)
	temporary := regexp.MustCompile(`^STS\.[0-9A-Za-z]{20}$`)
	secret := regexp.MustCompile(`^[0-9A-Za-z]{30}$`)
	seen := map[string]bool{}
	random := new(stream)
	for range 200 {
		k, err := GenerateAccessKey(random)
		if err != nil {
			t.Fatal(err)
		}
		s, err := GenerateTemporaryKey(random)
		if err != nil {
			t.Fatal(err)
		}
		if !id.MatchString(k.ID) || !temporary.MatchString(s.ID) || !secret.MatchString(string(k.Secret)) || k.Status != KeyActive {
			t.Fatalf("wrong shape: %q, %q, %d characters of secret, %q", k.ID, s.ID, len(k.Secret), k.Status)
		}
		if seen[k.ID] || seen[string(k.Secret)] || seen[s.ID] {
			t.Fatal("the same key twice")
		}
		seen[k.ID], seen[string(k.Secret)], seen[s.ID] = true, true, true
	}
}

func TestDrawIsEven(t *testing.T) {
	const n = 62_000
	counts := map[rune]int{}
	text, err := draw(new(stream), alphanumerics, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range text {
		counts[c]++
	}
	for _, c := range alphanumerics {
		if counts[c] < 850 || counts[c] > 1150 {
			t.Errorf("%q came %d times of %d, want about 1000", c, counts[c], n)
		}
	}
}

func TestGenerateFromBrokenSource(t *testing.T) {
	broken := errors.New("broken")
	for name, random := range map[string]io.Reader{
		"error":           iotest.ErrReader(broken),
		"short":           bytes.NewReader([]byte("abc")),
		"always the same": bytes.NewReader(bytes.Repeat([]byte{0xff}, 1<<16)),
	} {
		if _, err := GenerateAccessKey(random); err == nil {
			t.Errorf("%s: a key was made of it", name)
		}
		if _, err := GenerateAccountID(random); err == nil {
			t.Errorf("%s: an account id was made of it", name)
		}
		if _, err := GenerateEntityID(random); err == nil {
			t.Errorf("%s: an entity id was made of it", name)
		}
	}
	if _, err := GenerateAccessKey(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v does not wrap its cause", err)
	}
}

func TestSecretStaysHidden(t *testing.T) {
	k := AccessKey{ID: "LTAI5tExample", Secret: "hush-hush", Status: KeyActive}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", k, "secret", k.Secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb, k.Secret)
		fmt.Fprintf(&out, verb, k)
		fmt.Fprintf(&out, verb, &k)
	}
	for _, leak := range []string{"hush", fmt.Sprintf("%x", "hush")} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret is in %s", out.String())
		}
	}
}

func TestAccountID(t *testing.T) {
	random := new(stream)
	for range 50 {
		a, err := GenerateAccountID(random)
		if err != nil {
			t.Fatal(err)
		}
		if parsed, err := ParseAccountID(string(a)); err != nil || parsed != a {
			t.Errorf("generated %q does not parse: %v", a, err)
		}
		if e, err := GenerateEntityID(random); err != nil || !regexp.MustCompile(`^[1-9][0-9]{17}$`).MatchString(e) {
			t.Errorf("entity id %q, error %v", e, err)
		}
	}
	for _, bad := range []string{"", "123", "12345678901234567", "123456789012345x", "１２３４５６７８９０"} {
		_, err := ParseAccountID(bad)
		checkCode(t, bad, err, "InvalidParameter.AccountId")
	}
}

func TestARNs(t *testing.T) {
	const a = AccountID("1234567890123456")
	user, group, role := User{AccountID: a, Name: "alice"}, Group{AccountID: a, Name: "dev"}, Role{AccountID: a, Name: "ops"}
	tests := map[string]string{
		a.RootARN():                    "acs:ram::1234567890123456:root",
		user.ARN():                     "acs:ram::1234567890123456:user/alice",
		group.ARN():                    "acs:ram::1234567890123456:group/dev",
		role.ARN():                     "acs:ram::1234567890123456:role/ops",
		a.AssumedRoleARN("ops", "bob"): "acs:ram::1234567890123456:role/ops/bob",
		a.PolicyARN("p"):               "acs:ram:*:1234567890123456:policy/p",
		SystemPolicyARN("p"):           "acs:ram:*:system:policy/p",
		a.Resource("user/*"):           "acs:ram:*:1234567890123456:user/*",
	}
	for got, want := range tests {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTextRules(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name string
		rule TextRule
		text string
		code string
	}{
		{"user", UserName, "alice.b_c-1", ""},
		{"user at the limit", UserName, long(64), ""},
		{"user too long", UserName, long(65), "InvalidParameter.UserName.Length"},
		{"user empty", UserName, "", "InvalidParameter.UserName.Length"},
		{"user with a slash", UserName, "a/b", "InvalidParameter.UserName.InvalidChars"},
		{"user with a star", UserName, "a*", "InvalidParameter.UserName.InvalidChars"},
		{"user of another script", UserName, "é", "InvalidParameter.UserName.InvalidChars"},
		{"new user", UserName.For("NewUserName"), "a b", "InvalidParameter.NewUserName.InvalidChars"},
		{"group", GroupName, "Dev-Team", ""},
		{"group too long", GroupName, long(65), "InvalidParameter.GroupName.Length"},
		{"role", RoleName, "ECSAdmin", ""},
		{"role with underscore", RoleName, "a_b", "InvalidParameter.RoleName.InvalidChars"},
		{"policy", PolicyName, long(128), ""},
		{"policy too long", PolicyName, long(129), "InvalidParameter.PolicyName.Length"},
		{"policy with a dot", PolicyName, "a.b", "InvalidParameter.PolicyName.InvalidChars"},
		{"display name", DisplayName, "张强@dev", ""},
		{"display name with a tag", DisplayName, "<b>", "InvalidParameter.DisplayName.InvalidChars"},
		{"comments", Comments, "", ""},
		{"comments of wide characters", Comments, strings.Repeat("群", 128), ""},
		{"comments too long", Comments, long(129), "InvalidParameter.Comments.Length"},
		{"comments not UTF-8", Comments, "\xff", "InvalidParameter.Comments.InvalidChars"},
		{"description too long", Description, long(1025), "InvalidParameter.Description.Length"},
	}
	for _, tt := range tests {
		checkCode(t, tt.name, tt.rule.Check(tt.text), tt.code)
	}
	if UserName.parameter != "UserName" {
		t.Error("For changed the rule it was called on")
	}
}

func TestSessionRules(t *testing.T) {
	for _, good := range []string{"ab", "a.b@c-d_e", strings.Repeat("x", 32)} {
		checkCode(t, good, CheckRoleSessionName(good), "")
	}
	for _, bad := range []string{"", "a", "a b", "a:b", strings.Repeat("x", 33)} {
		checkCode(t, bad, CheckRoleSessionName(bad), "InvalidParameter.RoleSessionName")
	}
	for d, code := range map[time.Duration]string{
		0:                             "InvalidParameter.DurationSeconds",
		899 * time.Second:             "InvalidParameter.DurationSeconds",
		MinSessionDuration:            "",
		DefaultSessionDuration:        "",
		2 * time.Hour:                 "",
		2*time.Hour + time.Nanosecond: "InvalidParameter.DurationSeconds",
		-DefaultSessionDuration:       "InvalidParameter.DurationSeconds",
	} {
		checkCode(t, d.String(), CheckSessionDuration(d, 2*time.Hour), code)
	}
}

func TestQuotas(t *testing.T) {
	tests := []struct {
		quota Quota
		most  int
		code  string
	}{
		{UsersPerAccount, 1000, "LimitExceeded.User"},
		{GroupsPerAccount, 50, "LimitExceeded.Group"},
		{RolesPerAccount, 1000, "LimitExceeded.Role"},
		{PoliciesPerAccount, 1500, "LimitExceeded.Policy"},
		{VersionsPerPolicy, 5, "LimitExceeded.Policy.Version"},
		{AccessKeysPerUser, 2, "LimitExceeded.User.AccessKey"},
		{GroupsPerUser, 5, "LimitExceeded.User.Group"},
		{SystemPoliciesPerUser, 20, "LimitExceeded.User.Policy"},
		{CustomPoliciesPerUser, 10, "LimitExceeded.User.Policy"},
		{SystemPoliciesPerGroup, 20, "LimitExceeded.Group.Policy"},
		{CustomPoliciesPerGroup, 5, "LimitExceeded.Group.Policy"},
		{SystemPoliciesPerRole, 20, "LimitExceeded.Role.Policy"},
		{CustomPoliciesPerRole, 5, "LimitExceeded.Role.Policy"},
	}
	for _, tt := range tests {
		if tt.quota.Max() != tt.most {
			t.Errorf("%s: %d, want %d", tt.code, tt.quota.Max(), tt.most)
		}
		checkCode(t, tt.code, tt.quota.CheckOneMore(tt.most-1), "")
		checkCode(t, tt.code, tt.quota.CheckOneMore(tt.most), tt.code)
	}
}

func TestKeyStatus(t *testing.T) {
	for _, good := range []string{"Active", "Inactive"} {
		if s, err := ParseKeyStatus(good); err != nil || string(s) != good {
			t.Errorf("%s: %q, %v", good, s, err)
		}
	}
	_, err := ParseKeyStatus("active")
	checkCode(t, "active", err, "InvalidParameter.Status")
}

func TestErrorsCompareByCode(t *testing.T) {
	err := fmt.Errorf("get user: %w", &Error{Code: "EntityNotExist.User", Message: "another text"})
	if !errors.Is(err, ErrUserNotExist) || errors.Is(err, ErrPolicyNotExist) || errors.Is(err, (*Error)(nil)) {
		t.Errorf("%v is compared wrongly", err)
	}
}
