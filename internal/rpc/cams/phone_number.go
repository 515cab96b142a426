package cams

import (
	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// readSpace reads which channel an operation on numbers is about, "" for none.
func readSpace(c *rpc.Call) (string, error) {
	id := c.Params.Text("CustSpaceId")
	if len(id) > maxSpaceID {
		return "", rpc.Invalid("CustSpaceId", "CustSpaceId is longer than any there is.")
	}
	return id, checkOwner(c)
}

// nameStatuses are the product's words for what the network says of a name. Source: "Phone number management" of the product's
// documentation. Other words are passed on.
var nameStatuses = map[string]string{"APPROVED": "Approval", "AVAILABLE_WITHOUT_REVIEW": "Approval", "PENDING_REVIEW": "Pending_Review", "DECLINED": "Rejected"}

func nameStatus(word string) string {
	if known, ok := nameStatuses[word]; ok {
		return known
	}
	return word
}

// writeNumber writes a business number with where its receipts go. In the place of a queue stands what they can be pulled by.
func writeNumber(w *rpc.Writer, n *group.BusinessNumber, h gateway.Webhook) {
	st := &n.Standing
	w.Text("PhoneNumber", n.Number.String())
	w.Text("VerifiedName", st.VerifiedName)
	w.Text("Status", st.Status)
	w.Text("QualityRating", st.Quality)
	w.Text("MessagingLimitTier", st.MessagingTier)
	w.Text("CodeVerificationStatus", st.CodeVerification)
	w.Text("NameStatus", nameStatus(st.NameStatus))
	w.Text("NewNameStatus", nameStatus(st.NewNameStatus))
	w.Text("IsOfficial", yesNo(st.Official))
	w.Text("StatusCallbackUrl", h.StatusCallbackURL)
	w.Text("StatusQueue", h.StatusQueue)
	w.Text("UpCallbackUrl", h.UpCallbackURL)
	w.Text("UpQueue", h.UpQueue)
}

func yesNo(yes bool) string {
	if yes {
		return "Y"
	}
	return "N"
}

func numberFields() []rpc.Field {
	const row = "PhoneNumbers[]."
	return []rpc.Field{
		{Name: row + "PhoneNumber", Type: "string", About: "The number, as digits with the country code: the BusinessNumber of the group operations."},
		{Name: row + "VerifiedName", Type: "string", About: "The name that people see."},
		{Name: row + "Status", Type: "string", About: "The network's word; only a `CONNECTED` number works. `UNKNOWN` while the network has not said."},
		{Name: row + "QualityRating", Type: "string", About: "`GREEN`, `YELLOW`, `RED` or `UNKNOWN`."},
		{Name: row + "MessagingLimitTier", Type: "string", About: "How many people can be written to in a day, for example `TIER_10K`."},
		{Name: row + "CodeVerificationStatus", Type: "string", About: "Whether the number is verified: `VERIFIED`."},
		{Name: row + "NameStatus", Type: "string", About: "`Approval`, `Pending_Review` or `Rejected`; other words of the network as they are."},
		{Name: row + "NewNameStatus", Type: "string", About: "The same of a name that was asked for."},
		{Name: row + "IsOfficial", Type: "string", About: "`Y` for an official business account, which groups need; else `N`."},
		{Name: row + "StatusCallbackUrl", Type: "string", About: "Where statuses of messages and what happens in groups are pushed: the number's own, or that of its channel."},
		{Name: row + "UpCallbackUrl", Type: "string", About: "Where messages that people write are pushed."},
		{Name: row + "StatusQueue", Type: "string", About: "Empty, or with QueueFlag Y `ListChatGroupEvents`, which gives what a queue would."},
		{Name: row + "UpQueue", Type: "string", About: "Empty, or with QueueFlag Y `ListChatGroupEvents`, which gives what a queue would."},
	}
}
