package cams

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/simulator"
	"github.com/rollcall-im/rollcall/internal/store"
)

// onboarded is a world with a simulated network, on which business accounts are made for whoever asks.
type onboarded struct {
	*world
	sim   *simulator.Simulator
	drawn int  // numbers made so far
	mute  bool // the network answers nothing
}

const noDrawing, drawing = false, true

// newOnboarded opens the world. With drawing, each new channel comes with an account.
func newOnboarded(t *testing.T, draw bool) *onboarded {
	t.Helper()
	w := &onboarded{world: newWorld(t)}
	var err error
	if w.sim, err = simulator.New(simulator.Config{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.sim.Close(context.Background()) }) // it is in memory
	south, err := graph.New(graph.Config{BaseURL: "http://graph.test", Transport: simulator.InProcess(http.HandlerFunc(w.serveGraph))})
	if err != nil {
		t.Fatal(err)
	}
	on := gateway.Onboarding{Token: w.token}
	if draw {
		on.Draw = func() string { return "12" + strconv.Itoa(1000+w.drawn) }
	}
	gw := gateway.New(gateway.Config{Store: w.store, Network: gateway.Network{Graph: south, Onboarding: on}, Now: func() time.Time { return epoch }})
	w.server, err = rpc.New(rpc.Config{Gateway: gw, Operations: Operations(gw), Now: func() time.Time { return epoch },
		Keys: rpc.Keys{Nonce: bytes.Repeat([]byte{1}, 32), Diagnostic: bytes.Repeat([]byte{2}, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *onboarded) serveGraph(rw http.ResponseWriter, r *http.Request) {
	if w.mute {
		panic(http.ErrAbortHandler)
	}
	w.sim.Graph().ServeHTTP(rw, r)
}

// token makes a number for an account, but for one that ends in 404, which nobody has a token for.
func (w *onboarded) token(_ context.Context, _ ram.AccountID, wabaID string) (string, error) {
	if strings.HasSuffix(wabaID, "404") {
		return "", group.Errorf(group.CodeNotAllowlisted, "There is no token for it.")
	}
	w.drawn++
	return "token " + wabaID, w.sim.RegisterNumber(simulator.Number{DisplayNumber: fmt.Sprintf("+86138%08d", 5000+w.drawn),
		PhoneNumberID: strconv.Itoa(11000 + w.drawn), WABAID: wabaID, Token: "token " + wabaID, Name: "Test"})
}

// bare calls with nothing but what is given.
func (w *world) bare(action string, p params) answered {
	w.t.Helper()
	return w.call(action, p.with(params{"-BusinessNumber": ""}).withSpace(p))
}

// withSpace leaves the usual channel out, unless another one is named.
func (p params) withSpace(given params) params {
	if _, ok := given["CustSpaceId"]; !ok {
		p["-CustSpaceId"] = ""
	}
	return p
}

// create makes a channel and gives its id.
func (w *world) create(name string) string {
	w.t.Helper()
	a := w.bare("CreateInstance", params{"ChannelType": "WhatsApp", "InstanceName": name})
	w.expect(a, 200, "OK")
	id, _ := a.data()["InstanceId"].(string)
	return id
}

func (a answered) list(name string) []map[string]any {
	list, _ := a.members[name].([]any)
	rows := make([]map[string]any, 0, len(list))
	for _, entry := range list {
		row, _ := entry.(map[string]any)
		rows = append(rows, row)
	}
	return rows
}

// TestFromNothingToANumber: official operations alone lead to a number that groups can be made with.
func TestFromNothingToANumber(t *testing.T) {
	w := newOnboarded(t, drawing)
	a := w.bare("CreateInstance", params{"ChannelType": "WHATSAPP", "InstanceName": "ward 7", "InstanceDescription": "Round é/群", "IsConfirmAudit": "Y"})
	w.expect(a, 200, "OK")
	id, _ := a.data()["InstanceId"].(string)
	want := map[string]any{"InstanceId": id, "ChannelType": "whatsapp", "InstanceDescription": "Round é/群", "ResourceRegionId": "ap-southeast-1",
		"SubmitTime": "2026-01-02 03:04:05"}
	if diff := cmp.Diff(want, a.data()); diff != "" || !strings.HasPrefix(id, "cams-") || a.operation == "" || a.members["Success"] != true {
		t.Errorf("%s (-want +got):\n%s", a.text, diff)
	}
	rows := w.bare("QueryChatappPhoneNumbers", params{"CustSpaceId": id}).list("PhoneNumbers")
	wantNumber := map[string]any{"PhoneNumber": "8613800005001", "VerifiedName": "Test", "Status": "CONNECTED", "QualityRating": "GREEN",
		"MessagingLimitTier": "TIER_10K", "CodeVerificationStatus": "VERIFIED", "NameStatus": "Approval", "NewNameStatus": "NONE", "IsOfficial": "Y",
		"StatusCallbackUrl": "", "StatusQueue": "", "UpCallbackUrl": "", "UpQueue": ""}
	if diff := cmp.Diff([]map[string]any{wantNumber}, rows); diff != "" {
		t.Fatalf("numbers (-want +got):\n%s", diff)
	}
	w.expect(w.call("AddChatGroup", params{"CustSpaceId": id, "BusinessNumber": "8613800005001", "Subject": "round"}), 200, "OK")
	op := w.operation(a.operation)
	if op.Action != "CreateInstance" || op.AccessKeyID != ownKey || op.Source == "" || op.Result != id || op.State != group.Done {
		t.Errorf("recorded %+v", op)
	}
	bound := w.bare("QueryChatappBindWaba", params{"CustSpaceId": id})
	w.expect(bound, 200, "OK")
	if d := bound.data(); d["Id"] != "121000" || d["AccountReviewStatus"] != "APPROVED" || d["Currency"] != "USD" || d["Name"] == "" ||
		d["MessageTemplateNamespace"] == "" || d["BusinessId"] == "" || d["BusinessName"] == "" {
		t.Errorf("bound account is %v", d)
	}
}

// TestInstanceNameIsANumber: the documented type of the member is an integer.
func TestInstanceNameIsANumber(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]any{"123": 123.0, "-5": -5.0, "007": nil, "+1": nil, "99999999999999999999": nil, "viber_ins": nil, "1.0": nil} {
		a := w.bare("CreateInstance", params{"ChannelType": "whatsapp", "InstanceName": name})
		if a.code() != "OK" || a.data()["InstanceName"] != want {
			t.Errorf("%s: %s, want %v", name, a.text, want)
		}
	}
}

func TestCreateInstanceRefuses(t *testing.T) {
	w := newOnboarded(t, drawing)
	before := len(w.audit())
	for name, c := range map[string]struct {
		more params
		code string
	}{
		"no type":           {params{"InstanceName": "a"}, "MissingChannelType"},
		"no name":           {params{"ChannelType": "whatsapp"}, "MissingInstanceName"},
		"viber":             {params{"ChannelType": "VIBER", "InstanceName": "a"}, "InvalidParameter.ChannelTypeNotSupport"},
		"blank name":        {params{"ChannelType": "whatsapp", "InstanceName": " "}, "InvalidParameter.InstanceInvalid"},
		"long name":         {params{"ChannelType": "whatsapp", "InstanceName": strings.Repeat("é", 129)}, "InvalidParameter.InstanceInvalid"},
		"name with control": {params{"ChannelType": "whatsapp", "InstanceName": "a\x00b"}, "InvalidParameter.InstanceInvalid"},
		"long text":         {params{"ChannelType": "whatsapp", "InstanceName": "a", "OfficeAddress": strings.Repeat("x", 1025)}, "InvalidParameter.InstanceInvalid"},
		"for another":       {params{"ChannelType": "whatsapp", "InstanceName": "a", "OwnerId": "1000000000000002"}, "Unknown.ResourceOwnerId"},
	} {
		if a := w.bare("CreateInstance", c.more); a.code() != c.code {
			t.Errorf("%s: %s, want %s", name, a.text, c.code)
		}
	}
	w.mute = true
	a := w.bare("CreateInstance", params{"ChannelType": "whatsapp", "InstanceName": "a"})
	w.expect(a, 503, "ServiceUnavailable")
	if n := w.bare("ListInstance", nil).members["TotalCount"]; n != 1.0 || w.drawn != 1 {
		t.Errorf("%v channels after refusals, %d numbers drawn", n, w.drawn)
	}
	if got := w.audit(); len(got) != before+9 || got[0].State != group.Refusal {
		t.Errorf("%d records, want %d refusals", len(got)-before, 9)
	}
}

// TestCreateInstanceAgain: a token makes it safe to repeat, and asks the network for no second number.
func TestCreateInstanceAgain(t *testing.T) {
	w := newOnboarded(t, drawing)
	p := params{"ChannelType": "whatsapp", "InstanceName": "a", "ClientToken": "t"}
	first, again := w.bare("CreateInstance", p), w.bare("CreateInstance", p)
	if first.code() != "OK" || first.data()["InstanceId"] != again.data()["InstanceId"] || first.operation != again.operation || w.drawn != 1 {
		t.Errorf("%s and %s, %d numbers", first.text, again.text, w.drawn)
	}
	w.expect(w.bare("CreateInstance", p.with(params{"InstanceName": "b"})), 400, "IdempotentParameterMismatch")
}

func TestListInstance(t *testing.T) {
	w := newWorld(t)
	ids := make([]string, 0, 12)
	for i := range 12 {
		ids = append(ids, w.create(fmt.Sprintf("Ward %d", i)))
	}
	w.expect(w.bare("UpdateInstance", params{"InstanceId": ids[11], "InstanceName": "Ward 11", "ContactMail": "a@example.com", "CountryId": "86",
		"FacebookBmId": "39", "InstanceDescription": "d", "IsvTerms": "t.pdf", "OfficeAddress": "street", "ResourceGroupId": "rg-1"}), 200, "OK")
	a := w.bare("ListInstance", nil)
	w.expect(a, 200, "OK")
	want := map[string]any{"InstanceId": ids[11], "InstanceName": "Ward 11", "CustSpaceId": ids[11], "ChannelType": "whatsapp", "State": "published",
		"SubmitTime": "2026-01-02 03:04:05", "ResourceGroupId": "rg-1", "ResourceRegionId": "ap-southeast-1", "ContactMail": "a@example.com",
		"CountryId": "86", "FacebookBmId": "39", "InstanceDescription": "d", "IsvTerms": "t.pdf", "OfficeAddress": "street"}
	if diff := cmp.Diff(want, a.list("Data")[0]); diff != "" || a.members["TotalCount"] != 13.0 || len(a.list("Data")) != 10 {
		t.Errorf("%s (-want +got):\n%s", a.text, diff)
	}
	for _, c := range []struct {
		more  params
		total float64
		rows  int
	}{
		{params{"PageIndex": "2"}, 13, 3},
		{params{"PageIndex": "2", "PageSize": "5"}, 13, 5},
		{params{"PageSize": "100"}, 13, 13},
		{params{"PageIndex": "9223372036854775807", "PageSize": "100"}, 13, 0},
		{params{"ChannelType": "WHATSAPP"}, 13, 10},
		{params{"ChannelType": "VIBER"}, 0, 0},
		{params{"InstanceName": "Ward 1"}, 1, 1},
		{params{"FilterStr": "wARD 1"}, 3, 3},
		{params{"FilterStr": "%"}, 0, 0},
		{params{"InstanceId": ids[3]}, 1, 1},
		{params{"InstanceId": otherSpace}, 0, 0},
		{params{"ResourceGroupId": "rg-1"}, 1, 1},
		{params{"SubmitTime": "2026-01-02 03:04:05"}, 13, 10},
		{params{"SubmitTime": "2026-01-02"}, 13, 10},
		{params{"SubmitTime": "2026-01-03"}, 0, 0},
		{params{"IsBind": "true"}, 0, 0},
		{params{"IsBind": "False", "PageSize": "20"}, 13, 13},
		{params{"BindId": "12"}, 0, 0},
	} {
		a := w.bare("ListInstance", c.more)
		if a.code() != "OK" || a.members["TotalCount"] != c.total || len(a.list("Data")) != c.rows || a.members["Data"] == nil {
			t.Errorf("%v: %s, want %v and %d rows", c.more, a.text, c.total, c.rows)
		}
	}
	for _, more := range []params{{"PageIndex": "0"}, {"PageSize": "0"}, {"PageSize": "101"}, {"PageIndex": "x"}, {"PageSize": "-1"}} {
		w.expect(w.bare("ListInstance", more), 200, "InvalidParameter.PageInvalid")
	}
	w.expect(w.bare("ListInstance", params{"IsBind": "perhaps"}), 400, "InvalidIsBind")
}

func TestQueryAndUpdateInstance(t *testing.T) {
	w := newWorld(t)
	id := w.create("first")
	w.expect(w.bare("UpdateInstance", params{"InstanceId": id, "InstanceName": "second", "ContactMail": "a@example.com", "CountryId": "86"}), 200, "OK")
	w.expect(w.bare("UpdateInstance", params{"InstanceId": id, "InstanceName": "third", "ContactMail": ""}), 200, "OK")
	a := w.bare("QueryInstance", params{"InstanceId": id})
	w.expect(a, 200, "OK")
	want := map[string]any{"InstanceId": id, "InstanceName": "third", "ChannelType": "whatsapp", "CustType": "01", "SubmitTime": "2026-01-02 03:04:05",
		"ResourceGroupId": "", "ResourceRegionId": "ap-southeast-1", "ContactMail": "", "CountryId": "86", "FacebookBmId": "",
		"InstanceDescription": "", "IsvTerms": "", "OfficeAddress": ""}
	if diff := cmp.Diff(want, a.data()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, action := range []string{"QueryInstance", "UpdateInstance", "DeleteInstance"} {
		for _, other := range []string{otherSpace, "cams-nobody", id + "\x00", id + "\x00x", "*", strings.Repeat("x", 300)} {
			w.expect(w.bare(action, params{"InstanceId": other, "InstanceName": "x"}), 400, "Unknown.ResourceOwnerId")
		}
		w.expect(w.bare(action, params{"InstanceName": "x"}), 400, "MissingInstanceId")
	}
	w.expect(w.callAs(readerKey, "ListInstance", params{"-CustSpaceId": "", "-BusinessNumber": ""}), 200, "OK")
	w.expect(w.callAs(readerKey, "QueryInstance", params{"InstanceId": id}), 403, "Forbidden.RAM")
	w.expect(w.bare("UpdateInstance", params{"InstanceId": id, "InstanceName": "\t"}), 200, "InvalidParameter.InstanceInvalid")
}

// TestDeleteInstance: it takes the numbers along, and leaves no group without somebody who can speak for it.
func TestDeleteInstance(t *testing.T) {
	w := newOnboarded(t, drawing)
	id := w.create("a")
	const number = "8613800005001"
	target := params{"CustSpaceId": id, "BusinessNumber": number}
	w.expect(w.call("AddChatGroup", target.with(params{"Subject": "round"})), 200, "OK")
	w.expect(w.bare("DeleteInstance", params{"InstanceId": id}), 200, "Instance.InUse")
	if n := len(w.bare("QueryChatappPhoneNumbers", params{"CustSpaceId": id}).list("PhoneNumbers")); n != 1 {
		t.Errorf("%d numbers after a refusal", n)
	}
	g := w.addGroup(number, "G", group.Active)
	for _, status := range []group.Status{group.Suspended, group.Deleting, group.Deleted} {
		g.Status = status
		w.write(func(tx *store.Tx) error { return tx.UpdateGroup(&g) })
		w.expect(w.bare("DeleteInstance", params{"InstanceId": id}), 200, "Instance.InUse") // the first group
	}
	rows := w.call("ListChatGroup", target.with(params{"Page": `{"Index":1,"Size":10}`})).rows()
	if len(rows) != 1 || rows[0]["GroupStatus"] != "CREATING" {
		t.Fatalf("groups %v", rows)
	}
	var first group.Group
	w.write(func(tx *store.Tx) (err error) {
		op := w.lastOperation("AddChatGroup")
		if first, err = tx.Group(op.GroupID); err != nil {
			return err
		}
		first.Status = group.Inactive // its creation failed: the network has nothing of it
		return tx.UpdateGroup(&first)
	})
	done := w.bare("DeleteInstance", params{"InstanceId": id})
	w.expect(done, 200, "OK")
	if done.operation == "" || done.members["Success"] != true {
		t.Errorf("answered %s", done.text)
	}
	w.expect(w.bare("QueryInstance", params{"InstanceId": id}), 400, "Unknown.ResourceOwnerId")
	w.expect(w.call("ListChatGroup", target.with(params{"Page": `{"Index":1,"Size":10}`})), 400, "Unknown.ResourceOwnerId")
	w.expect(w.call("AddChatGroup", target.with(params{"Subject": "x"})), 400, "Unknown.ResourceOwnerId")
	w.expect(w.bare("DeleteInstance", params{"InstanceId": id}), 400, "Unknown.ResourceOwnerId")
}

// lastOperation gives the newest operation of an action.
func (w *world) lastOperation(action string) group.Operation {
	w.t.Helper()
	for _, op := range w.audit() {
		if op.Action == action {
			return op
		}
	}
	w.t.Fatalf("there is no operation %s", action)
	return group.Operation{}
}

// TestInstanceResource: a policy can name single channels, in the documented region or in any.
func TestInstanceResource(t *testing.T) {
	w := newWorld(t)
	mine, another := w.create("a"), w.create("b")
	allow := func(resource string) {
		t.Helper()
		const reader = 200000000000000001
		document := fmt.Sprintf(`{"Version":"1","Statement":[{"Effect":"Allow","Action":"cams:*","Resource":%q}]}`, resource)
		w.write(func(tx *store.Tx) error {
			policies, err := tx.Policies(ownAccount)
			if err != nil {
				return err
			}
			if len(policies) == 0 {
				if err := tx.Attach(store.Attachment{AccountID: ownAccount, UserID: reader, Kind: string(ram.PolicyCustom), Policy: "p"}); err != nil {
					return err
				}
			}
			if err := tx.PutPolicy(&store.Policy{AccountID: ownAccount, Name: "p", Document: document, CreatedAt: epoch}); err != nil {
				return err
			}
			return tx.Raise()
		})
	}
	query := func(id string) answered { return w.callAs(readerKey, "QueryInstance", params{"InstanceId": id}) }
	for _, region := range []string{"*", "ap-southeast-1"} {
		allow("acs:cams:" + region + ":1000000000000001:instance/" + mine)
		w.expect(query(mine), 200, "OK")
		w.expect(query(another), 403, "Forbidden.RAM")
		w.expect(w.callAs(readerKey, "DeleteInstance", params{"InstanceId": another}), 403, "Forbidden.RAM")
		w.expect(w.callAs(readerKey, "CreateInstance", params{"ChannelType": "whatsapp", "InstanceName": "x"}), 403, "Forbidden.RAM")
	}
	allow("acs:cams:cn-hangzhou:1000000000000001:instance/*")
	w.expect(query(mine), 403, "Forbidden.RAM")
	allow("acs:cams:*:*:instance/*")
	w.expect(query(another), 200, "OK")
	w.expect(w.callAs(readerKey, "CreateInstance", params{"ChannelType": "whatsapp", "InstanceName": "x"}), 200, "OK")
	w.expect(w.callAs(readerKey, "QueryChatappPhoneNumbers", nil), 403, "Forbidden.RAM") // it is on no single resource
}

func TestGetChatappOpenStatus(t *testing.T) {
	w := newWorld(t)
	a := w.bare("GetChatappOpenStatus", nil)
	w.expect(a, 200, "OK")
	if _, has := a.members["Success"]; has || a.members["OpenStatus"] != true || len(a.members) != 4 {
		t.Errorf("answered %s", a.text)
	}
}

// TestDeleteInstanceAmongCreations: whichever comes first, a channel that is gone has no group, and one that has a group is there.
func TestDeleteInstanceAmongCreations(t *testing.T) {
	w := newOnboarded(t, drawing)
	for round := range 8 {
		id := w.create(fmt.Sprint("round ", round))
		numbers := w.bare("QueryChatappPhoneNumbers", params{"CustSpaceId": id}).list("PhoneNumbers")
		number, _ := numbers[0]["PhoneNumber"].(string)
		values := url.Values{"CustSpaceId": {id}, "BusinessNumber": {number}, "Subject": {"race"}}
		requests := []*http.Request{w.signed(ownKey, "DeleteInstance", "InstanceId="+id, "")}
		for range 4 {
			requests = append(requests, w.signed(ownKey, "AddChatGroup", values.Encode(), ""))
		}
		codes := make([]string, len(requests))
		var running sync.WaitGroup
		for i, r := range requests {
			running.Go(func() {
				recorder := httptest.NewRecorder()
				w.server.ServeHTTP(recorder, r)
				var a struct{ Code string }
				if json.Unmarshal(recorder.Body.Bytes(), &a) == nil {
					codes[i] = a.Code
				}
			})
		}
		running.Wait()
		made := slices.Contains(codes[1:], "OK")
		switch codes[0] {
		case "OK":
			if made {
				t.Errorf("a group was made in a channel that is gone: %v", codes)
			}
		case "Instance.InUse":
			if !made {
				t.Errorf("the channel has no group: %v", codes)
			}
		default:
			t.Errorf("codes %v", codes)
		}
	}
}
