package gateway

import (
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/ram"
)

// TestExplanationsOfAnAccountHaveTheirSegment: however often an account is refused, it takes the places of its segment and no others;
// strangers take none of those.
func TestExplanationsOfAnAccountHaveTheirSegment(t *testing.T) {
	taken := map[int64]bool{}
	for i := range 20_000 {
		e := Explanation{RequestID: strconv.Itoa(i), AccountID: "1000000000000001", Verified: true}
		taken[e.slot()] = true
		e.Verified, e.AccountID = false, ""
		if slot := e.slot(); slot < knownSlots || slot >= knownSlots+strangerSlots {
			t.Fatalf("a stranger has place %d", slot)
		}
	}
	segments := map[int64]bool{}
	for slot := range taken {
		segments[slot/segmentSlots] = true
	}
	if len(taken) != segmentSlots || len(segments) != 1 {
		t.Errorf("%d places in %d segments are taken", len(taken), len(segments))
	}
	clear(segments)
	for i := range 200 {
		e := Explanation{AccountID: ram.AccountID(strconv.Itoa(1000000000000001 + i)), Verified: true}
		segments[e.slot()/segmentSlots] = true
	}
	if len(segments) != knownSegments {
		t.Errorf("200 accounts share %d segments", len(segments))
	}
}

// TestQueueIsSharedOut: what one account has waiting leaves room for others, and for strangers.
func TestQueueIsSharedOut(t *testing.T) {
	g := New(Config{})
	for range 1000 {
		g.Explain(Explanation{AccountID: "1000000000000001", Verified: true})
		g.Explain(Explanation{})
	}
	if g.WantsExplanation("1000000000000001") || g.WantsExplanation("") || !g.WantsExplanation("1000000000000002") {
		t.Error("there is room for who has had theirs, or none for others")
	}
	if n := len(g.explanations.take()); n != accountPerCycle+strangersPerCycle {
		t.Errorf("%d explanations wait", n)
	}
	g.explanations.cycle = g.explanations.cycle.Add(-explainCycle)
	if !g.WantsExplanation("1000000000000001") || !g.WantsExplanation("") {
		t.Error("in the next cycle there is no room")
	}
}

// TestExplanationsAreSmall: whatever a request holds, and however many statements somebody has, the row is small, and tells what matched.
func TestExplanationsAreSmall(t *testing.T) {
	long := strings.Repeat("ä", 10_000)
	e := Explanation{Message: long, Resource: long, StringToSign: long, CanonicalRequest: long, Action: "short"}
	for i := range 200 {
		e.Steps = append(e.Steps, ram.Step{Statement: i + 1, Matched: i == 150, Why: long})
	}
	e.bound()
	for _, text := range []string{e.Message, e.Resource, e.StringToSign, e.CanonicalRequest, e.Steps[0].Why} {
		if len(text) > maxExplainedText || !strings.HasSuffix(text, "ä…") {
			t.Errorf("a text has %d bytes", len(text))
		}
	}
	if len(e.Steps) != maxExplainedSteps || !e.Steps[maxExplainedSteps-1].Matched || e.Steps[0].Statement != 1 || e.Action != "short" {
		t.Errorf("%d steps are kept, the last of statement %d", len(e.Steps), e.Steps[len(e.Steps)-1].Statement)
	}
	few := fewSteps(make([]ram.Step, 3))
	for range 60 {
		few = append(few, ram.Step{Matched: true})
	}
	if few = fewSteps(few); len(few) != maxExplainedSteps || !few[0].Matched {
		t.Errorf("of many that matched %d steps are kept", len(few))
	}
}
