// Getrusage is of unix alone.

//go:build unix

package graph

import (
	"syscall"
	"testing"
)

// removalWebhook is a removal as the network reports it: three people, all of them out.
const removalWebhook = `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"group_participants_update",` +
	`"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"8613800000000","phone_number_id":"106540352242922"},` +
	`"groups":[{"timestamp":"1755548877","group_id":"Y2FwaV9ncm91cDo4NjEzODAwMDAwMDAwOjEyMDM2MzQwNDY5NDIzMzgyMAZDZD",` +
	`"type":"group_participants_remove","request_id":"5C2D9A8E7F6B4A3C2D1E0F9A8B7C6D5E","initiated_by":"business",` +
	`"removed_participants":[{"input":"491700000001"},{"input":"491700000002"},{"input":"491700000003"}]}]}}]}]}`

// cpu returns the processor time that this process has used, in ns. On a busy machine it says more than the clock.
func cpu(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkParseWebhook(b *testing.B) {
	body := []byte(removalWebhook)
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		if events, err := ParseWebhook(body); err != nil || len(events[0].Removed) != 3 {
			b.Fatal(events, err)
		}
	}
	b.ReportMetric((cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

func BenchmarkVerifyHubSignature(b *testing.B) {
	body := []byte(removalWebhook)
	header := HubSignature("secret", body)
	b.ReportAllocs()
	for b.Loop() {
		if !VerifyHubSignature("secret", body, header) {
			b.Fatal("refused")
		}
	}
}
