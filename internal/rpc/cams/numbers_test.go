package cams

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// stand changes how the simulated network says that a number stands.
func (w *onboarded) stand(number, body string) {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.sim.Control().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/sim/v1/numbers/"+number, strings.NewReader(body)))
	if recorder.Code != 200 {
		w.t.Fatalf("standing: %d %s", recorder.Code, recorder.Body)
	}
}

func TestChatappSyncPhoneNumber(t *testing.T) {
	w := newOnboarded(t, drawing)
	id := w.create("a")
	const number = "8613800005001"
	status := func(a answered) any {
		t.Helper()
		w.expect(a, 200, "OK")
		rows := a.list("PhoneNumbers")
		if len(rows) != 1 || rows[0]["PhoneNumber"] != number {
			t.Fatalf("answered %s", a.text)
		}
		return rows[0]["Status"].(string) + " " + rows[0]["QualityRating"].(string) + " " + rows[0]["NameStatus"].(string) + " " + rows[0]["IsOfficial"].(string)
	}
	query := func() answered { return w.bare("QueryChatappPhoneNumbers", params{"CustSpaceId": id}) }
	sync := func() answered { return w.bare("ChatappSyncPhoneNumber", params{"CustSpaceId": id}) }
	w.stand(number, `{"status":"FLAGGED","quality_rating":"RED","name_status":"PENDING_REVIEW","is_official_business_account":false}`)
	const before, after = "CONNECTED GREEN Approval Y", "FLAGGED RED Pending_Review N"
	if got := status(query()); got != before {
		t.Errorf("before: %v", got)
	}
	records := len(w.audit())
	if got := status(sync()); got != after {
		t.Errorf("synchronised: %v", got)
	}
	if got := status(query()); got != after {
		t.Errorf("after: %v", got)
	}
	if n := len(w.audit()); n != records {
		t.Errorf("a synchronisation left %d records", n-records)
	}
	w.stand(number, `{"status":"BANNED"}`)
	w.mute = true
	w.expect(sync(), 503, "ServiceUnavailable")
	w.mute = false
	if got := status(query()); got != after {
		t.Errorf("after a failure: %v", got)
	}
	for _, more := range []params{{"Status": "flagged"}, {"Status": "FLAGGED"}, {}} {
		if n := len(w.bare("QueryChatappPhoneNumbers", more.with(params{"CustSpaceId": id, "IsvCode": "x"})).list("PhoneNumbers")); n != 1 {
			t.Errorf("%v: %d numbers", more, n)
		}
	}
	if a := w.bare("QueryChatappPhoneNumbers", params{"CustSpaceId": id, "Status": "CONNECTED"}); len(a.list("PhoneNumbers")) != 0 || a.members["PhoneNumbers"] == nil {
		t.Errorf("answered %s", a.text)
	}
	w.write(func(tx *store.Tx) error { return tx.SetNumberToken(numberOf(number), "withdrawn") })
	refused := sync()
	w.expect(refused, 200, "ChatGroup.UpstreamError")
	if !strings.HasPrefix(refused.message(), "190: ") || strings.Contains(refused.text, "withdrawn") {
		t.Errorf("answered %s", refused.text)
	}
}

func TestNumbersRefuse(t *testing.T) {
	w := newOnboarded(t, noDrawing)
	for _, action := range []string{"QueryChatappPhoneNumbers", "ChatappSyncPhoneNumber", "QueryChatappBindWaba"} {
		w.expect(w.bare(action, params{"CustSpaceId": otherSpace}), 400, "Unknown.ResourceOwnerId")
		w.expect(w.bare(action, params{"CustSpaceId": "cams-nobody"}), 400, "Unknown.ResourceOwnerId")
		w.expect(w.bare(action, params{"CustSpaceId": strings.Repeat("x", 300)}), 400, "InvalidCustSpaceId")
		w.expect(w.bare(action, params{"CustSpaceId": ownSpace, "OwnerId": "1"}), 400, "Unknown.ResourceOwnerId")
		w.expect(w.callAs(readerKey, action, nil), 403, "Forbidden.RAM")
	}
	w.expect(w.bare("ChatappSyncPhoneNumber", nil), 400, "MissingCustSpaceId")
}

// TestNumberThatWasNeverRead: what the operator has bound is read at the first look, and what the network refuses is unknown.
func TestNumberThatWasNeverRead(t *testing.T) {
	w := newOnboarded(t, noDrawing)
	rows := w.bare("QueryChatappPhoneNumbers", params{"CustSpaceId": ownSpace}).list("PhoneNumbers")
	if len(rows) != 2 || rows[0]["PhoneNumber"] != ownNumber || rows[0]["Status"] != "UNKNOWN" || rows[0]["QualityRating"] != "UNKNOWN" || rows[0]["IsOfficial"] != "N" {
		t.Errorf("numbers %v", rows)
	}
	if a := w.bare("QueryChatappPhoneNumbers", nil); len(a.list("PhoneNumbers")) != 2 {
		t.Errorf("of all channels: %s", a.text)
	}
}

func TestChatappBindWaba(t *testing.T) {
	w := newOnboarded(t, noDrawing)
	w.write(func(tx *store.Tx) error { // the seeded channel is bound
		ch, err := tx.ChannelBySpace(ownSpace)
		if err != nil {
			return err
		}
		ch.WABA.ID = "77"
		return tx.UpdateChannel(&ch)
	})
	bind := func(p params) answered { return w.bare("ChatappBindWaba", p) }

	made := bind(params{"WabaId": "501"}) // there is no channel that is not bound: one is made
	w.expect(made, 200, "OK")
	space, _ := made.data()["CustSpaceId"].(string)
	if made.data()["WabaId"] != "501" || space == "" || space == ownSpace || made.operation == "" {
		t.Fatalf("answered %s", made.text)
	}
	if rows := w.bare("QueryChatappPhoneNumbers", params{"CustSpaceId": space}).list("PhoneNumbers"); len(rows) != 1 || rows[0]["Status"] != "CONNECTED" {
		t.Errorf("numbers %v", rows)
	}
	again := bind(params{"WabaId": "501"})
	w.expect(again, 200, "OK")
	if again.data()["CustSpaceId"] != space || w.drawn != 1 {
		t.Errorf("again: %s, %d numbers drawn", again.text, w.drawn)
	}
	w.expect(bind(params{"WabaId": "501", "CustSpaceId": ownSpace}), 200, "ChatGroup.Conflict")
	w.expect(bind(params{"WabaId": "502", "CustSpaceId": space}), 200, "ChatGroup.Conflict")

	free := w.create("free")
	if got := bind(params{"WabaId": "502"}); got.data()["CustSpaceId"] != free {
		t.Errorf("the only free channel is %s: %s", free, got.text)
	}
	one := w.create("one")
	two := w.create("two")
	w.expect(bind(params{"WabaId": "503"}), 200, "ChatGroup.Conflict")
	if got := bind(params{"WabaId": "503", "CustSpaceId": two}); got.data()["CustSpaceId"] != two {
		t.Errorf("named: %s", got.text)
	}
	w.expect(w.callAs(otherKey, "ChatappBindWaba", params{"-CustSpaceId": "", "WabaId": "503"}), 400, "Unknown.ResourceOwnerId")
	w.expect(bind(params{"WabaId": "504", "CustSpaceId": otherSpace}), 400, "Unknown.ResourceOwnerId")
	w.expect(bind(params{"WabaId": "1404"}), 200, "Authentication.NoAuth")
	w.expect(bind(params{"WabaId": "x"}), 200, "InvalidParameter.PhoneNumberError")
	w.expect(bind(params{}), 400, "MissingWabaId")
	w.expect(w.callAs(readerKey, "ChatappBindWaba", params{"WabaId": "505"}), 403, "Forbidden.RAM")
	if a := w.bare("QueryChatappBindWaba", params{"CustSpaceId": one}); a.code() != "OK" || a.members["Data"] != nil {
		t.Errorf("unbound: %s", a.text)
	}
	w.expect(w.bare("QueryChatappBindWaba", nil), 200, "ChatGroup.Conflict")
	if op := w.lastOperation("ChatappBindWaba"); op.State != group.Refusal {
		t.Errorf("the last refusal is recorded as %s", op.State)
	}
}
