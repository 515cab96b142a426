package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func keys(t interface{ Fatal(...any) }, body []byte) []string {
	events, err := ParseWebhook(body)
	if err != nil {
		t.Fatal(err)
	}
	var ks []string
	for i := range events {
		ks = append(ks, events[i].Key())
	}
	return ks
}

// Every documented update is something else than every other.
func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	same := map[string]bool{ // these say the same thing in another spelling
		"join typed as creation": true, "initiated_by in the value": true, "initiated_by in both": true, "removal typed as creation": true,
		"message of somebody with a username": true, "message that names only a contact": true, "unsupported message": true,
		"status outside groups": true, "lone objects for lists": true,
	}
	seen := map[string]string{}
	for _, v := range variants {
		if same[v.name] {
			continue
		}
		key := keys(t, []byte(v.body))[0]
		if other, taken := seen[key]; taken {
			t.Errorf("%q and %q have one key", v.name, other)
		}
		seen[key] = v.name
	}
}

// A delivery that was decoded and written anew, with other spaces and another order of members, tells the same events.
func TestKeySurvivesReserialising(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		var any any
		if err := json.Unmarshal([]byte(v.body), &any); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.MarshalIndent(any, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if a, b := keys(t, []byte(v.body)), keys(t, sorted); !slices.Equal(a, b) {
			t.Errorf("%s: %v becomes %v", v.name, a, b)
		}
	}
}

// person draws one participant as the network could write them.
func person() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		p := map[string]any{}
		for _, name := range []string{"input", "wa_id", "user_id", "username"} {
			if rapid.Bool().Draw(t, "has "+name) {
				p[name] = rapid.StringMatching(`[1-3]{1,3}`).Draw(t, name)
			}
		}
		if rapid.Bool().Draw(t, "fails") {
			p["errors"] = []any{map[string]any{"code": rapid.IntRange(1, 3).Draw(t, "code")}}
		}
		return p
	})
}

func removal() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		return map[string]any{
			"type": "group_participants_remove", "initiated_by": "business",
			"group_id":             rapid.StringMatching(`G[1-2]`).Draw(t, "group"),
			"request_id":           rapid.StringMatching(`R[1-2]`).Draw(t, "request"),
			"timestamp":            fmt.Sprint(rapid.IntRange(1, 2).Draw(t, "timestamp")),
			"removed_participants": rapid.SliceOfN(person(), 0, 4).Draw(t, "removed"),
			"failed_participants":  rapid.SliceOfN(person(), 0, 4).Draw(t, "failed"),
		}
	})
}

func keyOf(t *rapid.T, item map[string]any, indent string) string {
	raw, err := json.MarshalIndent(item, "", indent)
	if err != nil {
		t.Fatal(err)
	}
	return keys(t, []byte(groups(fieldParticipants, string(raw))))[0]
}

func TestKeyProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		item := removal().Draw(t, "item")
		key := keyOf(t, item, "")

		again := maps.Clone(item)
		again["timestamp"] = json.Number(item["timestamp"].(string))
		again["removed_participants"] = rapid.Permutation(item["removed_participants"].([]map[string]any)).Draw(t, "order")
		if keyOf(t, again, "\t") != key {
			t.Fatal("the same update in another spelling has another key")
		}

		other := maps.Clone(item)
		who := append(slices.Clone(item["removed_participants"].([]map[string]any)), map[string]any{"input": "+49"})
		other["removed_participants"] = who
		if keyOf(t, other, "") == key {
			t.Fatal("one person more has the same key")
		}
		swapped := maps.Clone(other)
		swapped["removed_participants"] = append(slices.Clone(item["removed_participants"].([]map[string]any)), map[string]any{"input": "+50"})
		if keyOf(t, swapped, "") == keyOf(t, other, "") {
			t.Fatal("another person has the same key")
		}
	})
}

// Two draws have one key exactly if what counts of them is the same.
func TestKeyTellsApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := removal().Draw(t, "a"), removal().Draw(t, "b")
		if same := gist(a) == gist(b); same != (keyOf(t, a, "") == keyOf(t, b, "")) {
			t.Fatalf("the same is %v, but the keys say otherwise", same)
		}
	})
}

// gist writes down what counts, in the simplest way.
func gist(item map[string]any) string {
	parts := []string{fmt.Sprint(item["group_id"], item["request_id"], item["timestamp"])}
	for _, list := range []string{"removed_participants", "failed_participants"} {
		var people []string
		for _, p := range item[list].([]map[string]any) {
			if p["input"] != nil || p["wa_id"] != nil || p["user_id"] != nil {
				people = append(people, fmt.Sprint(list, p["input"], "|", p["wa_id"], "|", p["user_id"], "|", p["errors"]))
			}
		}
		slices.Sort(people)
		parts = append(parts, people...)
	}
	return strings.Join(parts, "\n")
}
