package rpc

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// explanation stops the gateway, which keeps what it still has, and gives what is kept of a call.
func (w *world) explanation(requestID string) gateway.Explanation {
	w.t.Helper()
	e, err := w.gateway.Explanation(w.t.Context(), requestID)
	if err != nil {
		w.t.Fatalf("explanation of %s: %v", requestID, err)
	}
	return e
}

func explaining(t *testing.T) (w *world, stop func()) {
	w = newWorld(t)
	w.gateway = gateway.New(gateway.Config{Store: w.store, Now: w.clock.now, Work: gateway.Work{Hold: true}})
	w.open(func(c *Config) { c.Telemetry.Metrics = nil })
	if err := w.gateway.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, func() {
		if err := w.gateway.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRefusalsAreExplained: who is refused by a policy finds each statement with what it had to say, and who signed wrongly the
// strings that were signed.
func TestRefusalsAreExplained(t *testing.T) {
	w, stop := explaining(t)
	denied := w.call(request{action: "DeleteThing", query: "GroupId=1", key: officeKey})
	w.expect(denied, 403, "Forbidden.RAM")
	mismatch := w.call(request{action: "DeleteThing", query: "GroupId=1", secret: "wrong"})
	w.expect(mismatch, 400, "SignatureDoesNotMatch")
	rpc := w.call(request{action: "DeleteThing", query: "GroupId=1", secret: "wrong", scheme: signature.RPCHMACSHA1})
	fine := w.call(request{action: "ListThings", query: page})
	refused := w.call(request{action: "DeleteRefused"})
	stop()

	e := w.explanation(denied.RequestID)
	if !e.Verified || e.AccountID != "1000000000000001" || e.Effect != "ImplicitDeny" || e.Principal == "" || e.Resource != "*" || len(e.Steps) != 1 || e.Steps[0].Policy != "office" ||
		!strings.Contains(e.Steps[0].Why, "is not met") || !strings.HasPrefix(e.CanonicalRequest, "POST\n/\nGroupId=1\n") {
		t.Errorf("denied: %+v", e)
	}
	e = w.explanation(mismatch.RequestID)
	if e.Verified || e.Principal != "" || e.AccountID != "" || len(e.Steps) != 0 || e.Code != "SignatureDoesNotMatch" || e.StringToSign == "" {
		t.Errorf("mismatch: %+v", e)
	}
	if e = w.explanation(rpc.RequestID); e.CanonicalRequest != "" || !strings.HasPrefix(e.StringToSign, "POST&%2F&") {
		t.Errorf("mismatch of signature 1.0: %+v", e)
	}
	if _, err := w.gateway.Explanation(t.Context(), fine.RequestID); !errors.Is(err, gateway.ErrNoExplanation) {
		t.Errorf("a call that was let through: %v", err)
	}
	if e = w.explanation(refused.RequestID); e.OperationID == "" || e.Code != "ChatGroup.Suspended" {
		t.Errorf("a change that the gateway refused: %+v", e)
	}
}

// TestRefusalsAreExplainedAtOnce: nobody has to stop the server, nor wait for a tick, to find why a call was refused.
func TestRefusalsAreExplainedAtOnce(t *testing.T) {
	w, stop := explaining(t)
	defer stop()
	for range 3 {
		denied := w.call(request{action: "DeleteThing", query: "GroupId=1", key: officeKey})
		deadline := time.Now().Add(10 * time.Second)
		for {
			e, err := w.gateway.Explanation(t.Context(), denied.RequestID)
			if err == nil && e.Status == 403 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no explanation after ten seconds: %v", err)
			}
			runtime.Gosched()
		}
	}
}

// TestStrangersCannotFloodExplanations: who is not known has little room, and none of those who are.
func TestStrangersCannotFloodExplanations(t *testing.T) {
	w, stop := explaining(t)
	for range 300 {
		w.call(request{action: "DeleteThing", query: "GroupId=1", secret: "wrong"})
	}
	denied := w.call(request{action: "DeleteThing", query: "GroupId=1", key: officeKey})
	stop()
	if e := w.explanation(denied.RequestID); e.Code != "Forbidden.RAM" {
		t.Errorf("crowded out: %+v", e)
	}
}

func TestExplanationsAreForgotten(t *testing.T) {
	w, stop := explaining(t)
	denied := w.call(request{action: "DeleteThing", query: "GroupId=1", key: "LTAI5tNobody"})
	stop()
	w.explanation(denied.RequestID)
	w.clock.add(73 * time.Hour)
	pruner := gateway.NewPruner(gateway.PrunerConfig{Store: w.store, Keep: gateway.Retention{Refusals: 72 * time.Hour}, Now: w.clock.now})
	pruner.Round(t.Context())
	if _, err := w.gateway.Explanation(t.Context(), denied.RequestID); !errors.Is(err, gateway.ErrNoExplanation) {
		t.Errorf("after three days: %v", err)
	}
	if _, err := w.gateway.Explanation(t.Context(), "not an id"); err == nil {
		t.Error("any text is taken for a request id")
	}
}
