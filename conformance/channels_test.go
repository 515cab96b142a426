package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// channelBody is what these tests read of an answer. The types are those that the product documents: InstanceName is an integer in
// the answer of CreateInstance, and a text everywhere else.
type channelBody struct {
	Code         string
	Success      *bool
	TotalCount   int64
	OpenStatus   *bool
	Data         json.RawMessage
	PhoneNumbers []struct {
		PhoneNumber, Status, QualityRating, IsOfficial, VerifiedName string
	}
}

// channels is a talk with one client about channels and numbers.
type channels struct {
	t      *testing.T
	client client
	kind   kind
}

// TestChannels leads each client from nothing to a number that groups can be made with, by official operations alone, and back.
func TestChannels(t *testing.T) {
	next := 0
	eachKind(t, func(t *testing.T, s server, k kind) {
		next++
		c := channels{t, k.open(t, s.owner()), k}
		c.open()
		id := c.create(fmt.Sprintf("Team %d %s", next, awkward))
		number := c.number(id)
		c.bound(id)
		c.group(id, number)
		c.remove(id)
		c.refusals(s)
	})
}

// call makes a call that must be answered with 200 and that code.
func (c channels) call(code, action string, parameters map[string]any) channelBody {
	c.t.Helper()
	seen, err := c.client.call(action, parameters)
	if err != nil {
		c.t.Fatalf("%s: %v", action, err)
	}
	var b channelBody
	if err := json.Unmarshal(seen.Body, &b); err != nil {
		c.t.Fatalf("%s: %v in %s", action, err, seen.Body)
	}
	if b.Code != code {
		c.t.Fatalf("%s: %s, want %s", action, seen.Body, code)
	}
	if raised := seen.Raised != nil; raised != (c.kind.raisesBusiness && code != "OK") {
		c.t.Errorf("%s: the client raised an error: %t", action, raised)
	}
	return b
}

func (c channels) data(b channelBody, into any) {
	c.t.Helper()
	if err := json.Unmarshal(b.Data, into); err != nil {
		c.t.Fatalf("%v in %s", err, b.Data)
	}
}

func (c channels) open() {
	c.t.Helper()
	if b := c.call("OK", "GetChatappOpenStatus", map[string]any{}); b.OpenStatus == nil || !*b.OpenStatus || b.Success != nil {
		c.t.Errorf("OpenStatus %v, Success %v", b.OpenStatus, b.Success)
	}
}

type instance struct {
	InstanceID   string `json:"InstanceId"`
	InstanceName string
	CustSpaceID  string `json:"CustSpaceId"`
	ChannelType  string
	State        string
	SubmitTime   string
	ContactMail  string
	CustType     string
}

// create makes a channel, finds it in the list and changes it. It gives the id.
func (c channels) create(name string) string {
	c.t.Helper()
	var made struct {
		InstanceID   string `json:"InstanceId"`
		InstanceName *int64
		ChannelType  string
	}
	c.data(c.call("OK", "CreateInstance", map[string]any{"ChannelType": "WHATSAPP", "InstanceName": name, "ContactMail": awkward}), &made)
	if made.InstanceID == "" || made.ChannelType != "whatsapp" || made.InstanceName != nil {
		c.t.Fatalf("made %+v", made)
	}
	b := c.call("OK", "ListInstance", map[string]any{"InstanceName": name, "PageIndex": "1", "PageSize": "5"})
	var rows []instance
	c.data(b, &rows)
	if b.TotalCount != 1 || len(rows) != 1 || rows[0].InstanceID != made.InstanceID || rows[0].CustSpaceID != made.InstanceID ||
		rows[0].InstanceName != name || rows[0].ContactMail != awkward || rows[0].State != "published" {
		c.t.Errorf("listed %d of %d as %+v", len(rows), b.TotalCount, rows)
	}
	c.call("OK", "UpdateInstance", map[string]any{"InstanceId": made.InstanceID, "InstanceName": name + "!", "CountryId": "86"})
	var one instance
	c.data(c.call("OK", "QueryInstance", map[string]any{"InstanceId": made.InstanceID}), &one)
	if one.InstanceName != name+"!" || one.ContactMail != awkward || one.CustType != "01" {
		c.t.Errorf("queried %+v", one)
	}
	return made.InstanceID
}

// number gives the number of a channel, which has to be one that works.
func (c channels) number(id string) string {
	c.t.Helper()
	for _, action := range []string{"QueryChatappPhoneNumbers", "ChatappSyncPhoneNumber"} {
		b := c.call("OK", action, map[string]any{"CustSpaceId": id})
		if len(b.PhoneNumbers) != 1 || b.PhoneNumbers[0].Status != "CONNECTED" || b.PhoneNumbers[0].QualityRating != "GREEN" || b.PhoneNumbers[0].IsOfficial != "Y" {
			c.t.Fatalf("%s: %+v", action, b.PhoneNumbers)
		}
		if action == "ChatappSyncPhoneNumber" {
			return b.PhoneNumbers[0].PhoneNumber
		}
	}
	return ""
}

func (c channels) bound(id string) {
	c.t.Helper()
	var account struct {
		ID                  string `json:"Id"`
		AccountReviewStatus string
	}
	c.data(c.call("OK", "QueryChatappBindWaba", map[string]any{"CustSpaceId": id}), &account)
	if _, err := strconv.ParseUint(account.ID, 10, 64); err != nil || account.AccountReviewStatus != "APPROVED" {
		c.t.Errorf("account %+v", account)
	}
	var again struct {
		CustSpaceID string `json:"CustSpaceId"`
		WabaID      string `json:"WabaId"`
	}
	c.data(c.call("OK", "ChatappBindWaba", map[string]any{"WabaId": account.ID}), &again)
	if again.CustSpaceID != id || again.WabaID != account.ID {
		c.t.Errorf("bound again: %+v", again)
	}
	c.call("ChatGroup.Conflict", "ChatappBindWaba", map[string]any{"WabaId": account.ID + "1", "CustSpaceId": id})
}

// group makes a group in the channel, which keeps it from being deleted, and dissolves it.
func (c channels) group(id, number string) {
	c.t.Helper()
	about := func(more map[string]any) map[string]any {
		more["CustSpaceId"], more["BusinessNumber"] = id, number
		return more
	}
	c.call("OK", "AddChatGroup", about(map[string]any{"Subject": "round"}))
	list := func() (found []row) {
		var page struct{ List []row }
		c.data(c.call("OK", "ListChatGroup", about(map[string]any{"Page": map[string]any{"Index": 1, "Size": 5}})), &page)
		return page.List
	}
	s := story{t: c.t}
	var id0 string
	s.await("the group of a new channel", func() bool {
		found := list()
		if len(found) == 1 && found[0].GroupStatus == "ACTIVE" {
			id0 = found[0].GroupID
		}
		return id0 != ""
	})
	c.call("Instance.InUse", "DeleteInstance", map[string]any{"InstanceId": id})
	c.call("OK", "DeleteChatGroup", about(map[string]any{"GroupId": id0}))
}

func (c channels) remove(id string) {
	c.t.Helper()
	c.call("OK", "DeleteInstance", map[string]any{"InstanceId": id})
	unknown := refused{http.StatusBadRequest, []string{"Unknown.ResourceOwnerId"}}
	for _, action := range []string{"QueryInstance", "DeleteInstance"} {
		expect(c.t, c.client, question{action, map[string]any{"InstanceId": id}}, unknown)
	}
	for _, action := range []string{"QueryChatappPhoneNumbers", "ChatappSyncPhoneNumber", "QueryChatappBindWaba"} {
		expect(c.t, c.client, question{action, map[string]any{"CustSpaceId": id}}, unknown)
	}
	expect(c.t, c.client, question{"UpdateInstance", map[string]any{"InstanceId": id, "InstanceName": "x"}}, unknown)
}

func (c channels) refusals(s server) {
	c.t.Helper()
	bad := func(code string) refused { return refused{http.StatusBadRequest, []string{code}} }
	expect(c.t, c.client, question{"CreateInstance", map[string]any{"InstanceName": "x"}}, bad("MissingChannelType"))
	expect(c.t, c.client, question{"ChatappBindWaba", map[string]any{}}, bad("MissingWabaId"))
	c.call("InvalidParameter.ChannelTypeNotSupport", "CreateInstance", map[string]any{"ChannelType": "VIBER", "InstanceName": "x"})
	c.call("InvalidParameter.InstanceInvalid", "CreateInstance", map[string]any{"ChannelType": "whatsapp", "InstanceName": strings.Repeat("x", 200)})
	c.call("InvalidParameter.PageInvalid", "ListInstance", map[string]any{"PageSize": "1000"})
	reader := c.kind.open(c.t, s.reader())
	if seen, err := reader.call("ListInstance", map[string]any{}); err != nil || seen.Raised != nil {
		c.t.Errorf("the read-only key cannot list: %v, %+v", err, seen.Raised)
	}
	denied := refused{http.StatusForbidden, []string{"Forbidden.RAM"}}
	for action, parameters := range map[string]map[string]any{
		"CreateInstance":           {"ChannelType": "whatsapp", "InstanceName": "x"},
		"DeleteInstance":           {"InstanceId": s.CustSpaceID},
		"QueryInstance":            {"InstanceId": s.CustSpaceID},
		"UpdateInstance":           {"InstanceId": s.CustSpaceID, "InstanceName": "x"},
		"QueryChatappPhoneNumbers": {},
		"ChatappSyncPhoneNumber":   {"CustSpaceId": s.CustSpaceID},
		"QueryChatappBindWaba":     {},
		"ChatappBindWaba":          {"WabaId": "1"},
	} {
		if got := expect(c.t, reader, question{action, parameters}, denied); got.Detail == nil {
			c.t.Errorf("%s: no AccessDeniedDetail", action)
		}
	}
}

// TestThrottled: the limit of one action is told as the clients know it, with the time to wait where they show headers.
func TestThrottled(t *testing.T) {
	s := startServer(t, "http", "--limit", "ListInstance=0.01", "--limit", "QueryInstance=0")
	passed := false
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			c := k.open(t, s.owner())
			if !passed { // the one call that there is, of all clients together
				if seen, err := c.call("ListInstance", map[string]any{}); err != nil || seen.Raised != nil {
					t.Fatalf("the first call: %v, %+v", err, seen.Raised)
				}
				passed = true
			}
			seen, err := c.call("ListInstance", map[string]any{})
			if err != nil || seen.Raised == nil || seen.Status != http.StatusBadRequest || seen.Raised.Code != "Throttling.User" {
				t.Fatalf("answered %d %s, %v, %+v", seen.Status, seen.Body, err, seen.Raised)
			}
			if seen.Header == nil {
				return // the client hides it
			}
			if wait, err := strconv.Atoi(seen.Header["x-acs-retry-after"]); err != nil || wait < 1000 || wait > 100_000 {
				t.Errorf("x-acs-retry-after is %q", seen.Header["x-acs-retry-after"])
			}
			if !strings.HasPrefix(seen.Header["x-ratelimit-user-api"], "Limit:1,Remain:0,TimeLeft:") {
				t.Errorf("x-ratelimit-user-api is %q", seen.Header["x-ratelimit-user-api"])
			}
			if seen, err := c.call("QueryInstance", map[string]any{"InstanceId": s.CustSpaceID}); err != nil || seen.Raised != nil {
				t.Errorf("another action: %v, %+v", err, seen.Raised)
			}
		})
	}
}
