package group_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
)

var epoch = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func at(second int) time.Time { return epoch.Add(time.Duration(second) * time.Second) }

// report is what the network says about one person at one second.
type report struct {
	second int
	joined bool
}

func (r report) apply(p *group.Participant) group.Effect {
	if r.joined {
		return p.Join(at(r.second))
	}
	return p.Leave(at(r.second))
}

func (r report) state() group.ParticipantState {
	if r.joined {
		return group.Member
	}
	return group.Left
}

// late draws reports as they arrive: in any order, some of them several times, none lost.
func late(t *rapid.T, reports []report) []report {
	arrivals := slices.Clone(reports)
	for range rapid.IntRange(0, 5).Draw(t, "repeats") {
		arrivals = append(arrivals, rapid.SampledFrom(reports).Draw(t, "repeated"))
	}
	return rapid.Permutation(arrivals).Draw(t, "arrivals")
}

// P7: whatever the order in which reports of distinct seconds come, and however often, the latest one decides.
func TestP7TheLatestReportDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := drawReports(t, rapid.IntRange(0, 12))
		var p group.Participant
		for _, r := range late(t, reports) {
			if v := r.apply(&p); v.Reread() {
				t.Fatalf("%+v is doubtful (%d) though every second is distinct", r, v)
			}
		}
		last := slices.MaxFunc(reports, func(a, b report) int { return a.second - b.second })
		if p.State != last.state() || !p.Since.Equal(at(last.second)) {
			t.Fatalf("state %d since %s, and the latest report is %+v", p.State, p.Since, last)
		}
	})
}

// drawReports draws reports of distinct seconds.
func drawReports(t *rapid.T, seconds *rapid.Generator[int]) []report {
	chosen := rapid.SliceOfNDistinct(seconds, 1, 8, rapid.ID).Draw(t, "seconds")
	reports := make([]report, len(chosen))
	for i, s := range chosen {
		reports[i] = report{s, rapid.Bool().Draw(t, "joined")}
	}
	return reports
}

// P7: reports of one and the same second cannot be told apart in time. Then the state may be the wrong one of them, but never
// without a verdict that has the group read again.
func TestP7WhatCannotBePlacedIsDoubtful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var reports []report
		for range rapid.IntRange(1, 8).Draw(t, "count") {
			reports = append(reports, report{rapid.IntRange(0, 3).Draw(t, "second"), rapid.Bool().Draw(t, "joined")})
		}
		var p group.Participant
		reread := false
		for _, r := range late(t, reports) {
			reread = r.apply(&p).Reread() || reread
		}
		last := slices.MaxFunc(reports, func(a, b report) int { return a.second - b.second })
		if !p.Since.Equal(at(last.second)) {
			t.Fatalf("since %s, and the latest report is %+v", p.Since, last)
		}
		if slices.Contains(reports, report{last.second, !last.joined}) && !reread {
			t.Fatalf("second %d has both kinds of report, and nobody reads the group", last.second)
		}
	})
}

// P7: a reading has no time. Whatever contradicts it afterwards is doubtful, so the group is read once more.
func TestP7ReportsAfterAReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := drawReports(t, rapid.IntRange(0, 12))
		var p group.Participant
		for _, r := range late(t, reports) {
			r.apply(&p)
		}
		present := rapid.Bool().Draw(t, "present")
		surprised := p.Seen(present).Kept()
		if p.State.Present() != present {
			t.Fatalf("state %d after a reading that says present=%v", p.State, present)
		}
		r := rapid.SampledFrom(reports).Draw(t, "late")
		if v := r.apply(&p); surprised && v.Kept() && !v.Reread() {
			t.Fatalf("%+v after a surprising reading is taken for certain", r)
		}
	})
}

// P2 and P7: whom the business removed does not come back by any report; one that is later has the group read again.
func TestP7ReportsNeverBringARemovedPersonBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reports := drawReports(t, rapid.IntRange(0, 12))
		removal := rapid.IntRange(0, 12).Draw(t, "removal")
		arrivals := late(t, reports)
		before := rapid.IntRange(0, len(arrivals)).Draw(t, "before")
		var p group.Participant
		for _, r := range arrivals[:before] {
			r.apply(&p)
		}
		if p.TakeOut(at(removal)) == group.Refused {
			return // somebody came in later, says an earlier arrival: the group is read
		}
		for _, r := range arrivals[before:] {
			v := r.apply(&p)
			if p.State != group.Removed || v.Kept() {
				t.Fatalf("%+v made a removed person %d", r, p.State)
			}
			if later := r.joined && r.second > removal; later && (!v.Reread() || p.SurelyOut()) {
				t.Fatalf("%+v after a removal at %d: reread %v, surely out %v", r, removal, v.Reread(), p.SurelyOut())
			}
		}
	})
}

// A removal that is pending stays pending under reports of the person's own acts, unless a member leaves.
func TestReportsWhileARemovalIsPending(t *testing.T) {
	tests := []struct {
		name    string
		from    group.Participant
		report  report
		want    group.Participant
		verdict group.Effect
	}{
		{"a member under removal joined earlier", person(group.Removing, 5), report{3, true}, person(group.Removing, 5), group.Ignored},
		{"a member under removal joined again", person(group.Removing, 5), report{7, true}, person(group.Removing, 7), group.Applied},
		{"a member under removal leaves", person(group.Removing, 5), report{7, false}, person(group.Left, 7), group.Applied},
		{"a member under removal left before joining", person(group.Removing, 5), report{3, false}, person(group.Removing, 5), group.Ignored},
		{"a member under removal leaves in the same second", person(group.Removing, 5), report{5, false}, person(group.Left, 5), group.Doubtful},
		{"one to be sure of joins", person(group.Checking, 5), report{7, true}, person(group.Removing, 7), group.Applied},
		{"one to be sure of joined before they left", person(group.Checking, 5), report{3, true}, person(group.Checking, 5), group.Ignored},
		{"one to be sure of leaves again", person(group.Checking, 5), report{7, false}, person(group.Checking, 7), group.Applied},
		{"one never heard of joins", unknown(group.Checking), report{7, true}, person(group.Removing, 7), group.Doubtful},
		{"one never heard of leaves", unknown(group.Checking), report{7, false}, unknown(group.Checking), group.Ignored},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.from
			if v := tt.report.apply(&p); v != tt.verdict {
				t.Errorf("verdict %d, want %d", v, tt.verdict)
			}
			if diff := cmp.Diff(tt.want, p); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func person(s group.ParticipantState, second int) group.Participant {
	return group.Participant{Number: 8613800000001, State: s, Since: at(second), OperationID: 9}
}

func unknown(s group.ParticipantState) group.Participant {
	return group.Participant{Number: 8613800000001, State: s, OperationID: 9}
}

func without(p group.Participant) group.Participant {
	p.OperationID = 0
	return p
}

func TestTheNetworksWordOnARemoval(t *testing.T) {
	takeOut := func(p *group.Participant) group.Effect { return p.TakeOut(at(9)) }
	absent := func(p *group.Participant) group.Effect { return p.Absent(at(9)) }
	stay := func(p *group.Participant) group.Effect { return p.Stay(9) }
	other := func(p *group.Participant) group.Effect { return p.Stay(8) }
	fresh := group.Participant{Number: 8613800000001, OperationID: 9}
	tests := []struct {
		name    string
		word    func(*group.Participant) group.Effect
		from    group.Participant
		want    group.Participant
		verdict group.Effect
	}{
		{"removed a member", takeOut, person(group.Removing, 5), person(group.Removed, 9), group.Applied},
		{"removed somebody unknown", takeOut, fresh, person(group.Removed, 9), group.Applied},
		{"removed, said twice", takeOut, person(group.Removed, 5), person(group.Removed, 5), group.Ignored},
		{"removed, and the report of joining is newer", takeOut, person(group.Member, 12), person(group.Member, 12), group.Refused},
		{"not a member, we thought so", absent, person(group.Removing, 5), without(person(group.Left, 9)), group.Applied},
		{"not a member, as we thought", absent, person(group.Checking, 5), without(person(group.Left, 9)), group.Applied},
		{"not a member, having left", absent, person(group.Left, 5), person(group.Left, 5), group.Ignored},
		{"not a member, being barred", absent, person(group.Removed, 5), person(group.Removed, 5), group.Ignored},
		{"refused for a member", stay, person(group.Removing, 5), without(person(group.Member, 5)), group.Applied},
		{"refused for one who had left", stay, person(group.Checking, 5), without(person(group.Left, 5)), group.Applied},
		{"refused for a member whom another removal is to take out", other, person(group.Removing, 5), person(group.Removing, 5), group.Ignored},
		{"refused for one whom another removal is to be sure of", other, person(group.Checking, 5), person(group.Checking, 5), group.Ignored},
		{"refused for one who left meanwhile", stay, person(group.Left, 5), person(group.Left, 5), group.Ignored},
		{"refused for one who is out", stay, person(group.Removed, 5), person(group.Removed, 5), group.Ignored},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.from
			if v := tt.word(&p); v != tt.verdict {
				t.Errorf("verdict %d, want %d", v, tt.verdict)
			}
			if diff := cmp.Diff(tt.want, p); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeen(t *testing.T) {
	timeless := func(p group.Participant) group.Participant { p.Since = time.Time{}; return p }
	tests := []struct {
		name    string
		present bool
		from    group.Participant
		want    group.Participant
		verdict group.Effect
	}{
		{"a member is there", true, person(group.Member, 5), person(group.Member, 5), group.Ignored},
		{"a member is not there", false, person(group.Member, 5), unknown(group.Left), group.Applied},
		{"one under removal is there", true, person(group.Removing, 5), person(group.Removing, 5), group.Ignored},
		{"one under removal is not there", false, person(group.Removing, 5), person(group.Removing, 5), group.Ignored},
		{"one to be sure of is there", true, person(group.Checking, 5), person(group.Removing, 5), group.Applied},
		{"one to be sure of is not there", false, person(group.Checking, 5), person(group.Checking, 5), group.Ignored},
		{"one who left is there", true, person(group.Left, 5), unknown(group.Member), group.Applied},
		{"one who left is not there", false, person(group.Left, 5), person(group.Left, 5), group.Ignored},
		{"one who was removed is there after all", true, person(group.Removed, 5), unknown(group.Member), group.Applied},
		{"one who was removed is not there", false, person(group.Removed, 5), person(group.Removed, 5), group.Ignored},
		{"somebody new is there", true, group.Participant{Number: 8613800000001}, timeless(without(person(group.Member, 5))), group.Applied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.from
			if v := p.Seen(tt.present); v != tt.verdict {
				t.Errorf("verdict %d, want %d", v, tt.verdict)
			}
			if diff := cmp.Diff(tt.want, p); diff != "" {
				t.Error(diff)
			}
		})
	}
}
