package receipt

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Two batches have the same name if they tell of the same events in the same order, and only then.
func TestNamesOfBatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Int64Range(1, 5), 1, 5)
		a, b := batch{events: events.Draw(t, "one")}, batch{events: events.Draw(t, "other")}
		if same := slices.Equal(a.events, b.events); same != (a.name() == b.name()) {
			t.Errorf("%v is named %s, and %v %s", a.events, a.name(), b.events, b.name())
		}
	})
}
