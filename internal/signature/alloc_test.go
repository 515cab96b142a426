//go:build !race

package signature

import "testing"

// TestUsualCheckAllocatesNothing guards what makes a check cheap. The race detector empties pools at random,
// so the file is left out there.
func TestUsualCheckAllocatesNothing(t *testing.T) {
	r := acs3Vectors[1].request(t)
	key := NewKey(vectorSecret)
	allocations := testing.AllocsPerRun(1000, func() {
		c, err := Parse(r)
		if err == nil {
			err = key.Verify(r, &c)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if allocations != 0 {
		t.Errorf("a check allocates %v times", allocations)
	}
}
