package app

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/rpc/cams"
)

// FillIn adds the channel and the number of a ready file to the parameters of a call, and gives the names of what it has added. It adds
// them only where the operation must have them, and where the call names neither a channel nor another number: left out elsewhere, they mean
// something.
func FillIn(action string, parameters url.Values, ready *Ready) []string {
	o := served()[action]
	if o == nil || parameters.Has("CustSpaceId") || parameters.Has("From") {
		return nil
	}
	if number := parameters.Get("BusinessNumber"); number != "" && number != ready.BusinessNumber {
		return nil
	}
	target := ready.Target()
	var added []string
	for _, name := range [...]string{"CustSpaceId", "BusinessNumber"} {
		wanted := slices.ContainsFunc(o.Parameters, func(p rpc.Parameter) bool { return p.Name == name && p.Required })
		if value := target.Get(name); wanted && value != "" && !parameters.Has(name) {
			parameters.Set(name, value)
			added = append(added, name)
		}
	}
	return added
}

// WhyNotServed says of an action that nobody serves what it may be: one that is known and declined, or a slip of the pen. "" where it looks like
// nothing known.
func WhyNotServed(action string) string {
	for _, d := range cams.Declined() {
		if slices.Contains(d.Names, action) {
			return action + " is an official operation that is not served; see docs/reference.md"
		}
	}
	nearest, best := "", len(action)/3+1
	for name := range served() {
		if d := distance(strings.ToLower(action), strings.ToLower(name)); d < best || d == best && name < nearest {
			nearest, best = name, d
		}
	}
	if nearest == "" || nearest == action {
		return ""
	}
	return fmt.Sprintf("there is no %s; did you mean %s?", action, nearest)
}

// distance is how many letters have to be put in, taken out or exchanged to make one word of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := before
			if a[i] != b[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
