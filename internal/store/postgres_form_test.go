package store_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Every statement that may be sent for many at once does for each of them what it would have done alone.
func TestPostgresStatementsForMany(t *testing.T) {
	t.Parallel()
	s := postgresDatabase(t)(t)
	compared, err := s.CompareForms(func(tx *store.Tx, tenant int64) error {
		return errors.Join(tenantAccounts(tx, tenant), tenantGroups(tx, tenant), tenantMessages(tx, tenant), tenantLanes(tx, tenant), tenantNodes(tx, tenant))
	})
	if err != nil {
		t.Error(err)
	}
	forms := map[string]bool{}
	for _, query := range compared {
		forms[query] = true
	}
	if len(forms) < 45 {
		t.Errorf("only %d statements were compared", len(forms))
	}
}

func drop(_ any, err error) error { return err }

// missed lets pass that nothing was found.
func missed(_ any, err error) error {
	if errors.Is(err, store.ErrNoRow) {
		return nil
	}
	return fmt.Errorf("found what is not there: %w", err)
}

func tenantAccounts(tx *store.Tx, tenant int64) error {
	name := "tenant " + strconv.FormatInt(tenant, 10)
	user := ram.User{ID: strconv.FormatInt(100+tenant, 10), AccountID: ram.AccountID(strconv.FormatInt(tenant, 10)), Name: name, CreatedAt: day}
	key := store.AccessKey{ID: "LTAI" + name, AccountID: tenant, UserID: 100 + tenant, Secret: "secret", Active: true, CreatedAt: day}
	channel := group.Channel{AccountID: tenant, SpaceID: "cams-" + name, Name: name, CreatedAt: day}
	number := group.BusinessNumber{Number: businessNumber + group.Number(tenant), AccountID: tenant, PhoneNumberID: name, WABAID: "w", Token: "t"}
	attachment := store.Attachment{AccountID: tenant, UserID: 100 + tenant, Kind: "Custom", Policy: name}
	err := errors.Join(tx.InsertAccount(&store.Account{ID: tenant, Name: name, CreatedAt: day}), tx.SetBeta(tenant, tenant == 2),
		tx.InsertUser(&user), tx.InsertAccessKey(&key), tx.SetAccessKeyActive(tenant, key.ID, tenant != 1),
		tx.PutPolicy(&store.Policy{AccountID: tenant, Name: name, Document: "{}", CreatedAt: day}),
		tx.PutPolicy(&store.Policy{AccountID: tenant, Name: name, Document: `{"Version":"` + name + `"}`, CreatedAt: day}),
		tx.Attach(attachment), tx.Attach(attachment), tx.InsertChannel(&channel), tx.Raise(), tx.RaiseRAM(), tenantRAM(tx, tenant, &user))
	number.ChannelID = channel.ID
	return errors.Join(err, tx.InsertNumber(&number, 0), tx.SetNumberToken(number.Number, name),
		drop(tx.Accounts()), drop(tx.Account(tenant)), missed(tx.Account(tenant+1000)), drop(tx.Users(tenant)), drop(tx.User(100+tenant)),
		drop(tx.UserByName(tenant, name)), missed(tx.UserByName(tenant, "nobody")), drop(tx.AccessKey(key.ID)),
		drop(tx.AccessKeys(tenant, 100+tenant)), drop(tx.AccessKeys(tenant, 0)), drop(tx.Policies(tenant)),
		drop(tx.Attachments(tenant, 100+tenant)), drop(tx.Channels()), drop(tx.Numbers()), drop(tx.NumbersLike(number.Number, "1")), drop(tx.Generation()), drop(tx.ChannelGeneration()),
		tx.PutSpent(store.Allowance{AccountID: tenant, Action: "A"}, 5*tenant), tx.PutSpent(store.Allowance{AccountID: tenant, Action: "A"}, 7*tenant),
		drop(tx.Spent(store.Allowance{AccountID: tenant, Action: "A"})), drop(tx.Spent(store.Allowance{AccountID: tenant, Action: "A", Refused: true})))
}

func tenantRAM(tx *store.Tx, tenant int64, user *ram.User) error {
	name := "tenant " + strconv.FormatInt(tenant, 10)
	users := ram.Group{ID: strconv.FormatInt(200+tenant, 10), AccountID: user.AccountID, Name: name, CreatedAt: day}
	role := ram.Role{ID: strconv.FormatInt(300+tenant, 10), AccountID: user.AccountID, Name: name, TrustPolicy: "{}", CreatedAt: day}
	second := store.PolicyVersion{AccountID: tenant, Policy: name, Number: 2, Document: name, CreatedAt: day}
	member := store.Membership{AccountID: tenant, UserID: 100 + tenant, GroupID: 200 + tenant, JoinedAt: day}
	ofGroup := store.Attachment{AccountID: tenant, GroupID: 200 + tenant, Kind: "Custom", Policy: name}
	ofRole := store.Attachment{AccountID: tenant, RoleID: 300 + tenant, Kind: "System", Policy: name}
	doomed := ram.User{ID: strconv.FormatInt(400+tenant, 10), AccountID: user.AccountID, Name: "doomed", CreatedAt: day}
	err := errors.Join(tx.InsertUserGroup(&users), tx.InsertRole(&role), tx.PutPolicyVersion(&second), tx.AddToUserGroup(member), tx.Attach(ofGroup),
		tx.Attach(ofRole), tx.InsertUser(&doomed))
	users.Comments, role.Description, user.Comments = name, name, name
	doomedGroup, doomedRole := users, role
	doomedGroup.ID, doomedGroup.Name, doomedRole.ID, doomedRole.Name = doomed.ID, "doomed", doomed.ID, "doomed"
	return errors.Join(err, tx.UpdateUserGroup(&users), tx.UpdateRole(&role), tx.UpdateUser(user), tx.InsertUserGroup(&doomedGroup), tx.InsertRole(&doomedRole),
		drop(tx.UserGroups(tenant)), drop(tx.UserGroup(200+tenant)), drop(tx.UserGroupByName(tenant, name)), missed(tx.UserGroupByName(tenant, "nobody")),
		drop(tx.Roles(tenant)), drop(tx.Role(300+tenant)), drop(tx.RoleByName(tenant, name)), drop(tx.Policy(tenant, name)), missed(tx.Policy(tenant, "none")),
		drop(tx.PolicyVersions(tenant, name)), drop(tx.UserGroupsOf(tenant, 100+tenant)), drop(tx.UsersOfGroup(tenant, 200+tenant)),
		drop(tx.EffectivePolicies(ofGroup)), drop(tx.EffectivePolicies(ofRole)), drop(tx.AttachedTo(ofRole)), drop(tx.AttachmentsOf(tenant, "Custom", name)),
		drop(tx.CountAttachments(tenant)), tx.DeletePolicyVersion(tenant, name, 2), tx.DeleteUser(tenant, 400+tenant), tx.DeleteUserGroup(tenant, 400+tenant),
		tx.DeleteRole(tenant, 400+tenant), tx.Detach(ofRole), tx.RemoveFromUserGroup(member), tx.DeletePolicy(tenant, name))
}

func tenantGroups(tx *store.Tx, tenant int64) error {
	name := "tenant " + strconv.FormatInt(tenant, 10)
	groups := make([]group.Group, 3)
	var errs []error
	for i := range groups {
		groups[i] = group.Group{AccountID: tenant, SpaceID: 30 + tenant, Number: businessNumber, Status: group.Creating, Subject: name, CreatedAt: day, ModifiedAt: day}
		errs = append(errs, tx.InsertGroup(&groups[i]))
	}
	for i, status := range []group.Status{group.Active, group.Suspended, group.Deleted} {
		groups[i].Status, groups[i].NetworkID, groups[i].Subject = status, name+" "+strconv.Itoa(i), "it's "+name
		errs = append(errs, tx.UpdateGroup(&groups[i]))
	}
	first := &groups[0]
	var people []group.Participant
	for i, state := range []group.ParticipantState{group.Member, group.Removing, group.Left} {
		people = append(people, group.Participant{Number: group.Number(int64(i) + 1 + 10*tenant), State: state, Since: day, OperationID: tenant})
	}
	op := group.Operation{AccountID: tenant, GroupID: first.ID, Kind: group.KindRemove, State: group.Pending, NonceHash: tenant, At: day, ClientToken: "token",
		People: []group.Person{{Number: 5}}}
	bare := group.Operation{AccountID: tenant, At: day}
	errs = append(errs, tx.PutParticipants(first.ID, people), tx.PutParticipants(first.ID, people[1:]), tx.InsertOperation(&op), tx.InsertOperation(&bare))
	op.State, op.DoneAt, op.Result = group.Done, day, name
	event := group.Event{AccountID: tenant, GroupID: first.ID, Kind: "joined", At: day, Body: name}
	parked := store.Report{NetworkID: name, Dedupe: name, ReceivedAt: day, Body: []byte(name)}
	filter := store.GroupFilter{ChannelID: 30 + tenant, Number: businessNumber}
	return errors.Join(errors.Join(errs...), tx.UpdateOperation(&op), drop(tx.Group(first.ID)), missed(tx.Group(1)), drop(tx.GroupByNetworkID(name+" 0")),
		drop(tx.KnowsGroup(name+" 1")), drop(tx.KnowsGroup("nobody's")), drop(tx.GroupsAfter(0, 10)), drop(tx.CountLiving()),
		drop(tx.CountNumberGroups(30+tenant, businessNumber)), drop(tx.Page(filter, 0, 10)), drop(tx.Page(filter, 1, 1)),
		drop(tx.Participants(first.ID)), drop(tx.Operation(op.ID)), drop(tx.OperationByToken(tenant, "token")), drop(tx.Operations(tenant, 0, 1)),
		drop(tx.Operations(tenant, bare.ID, 5)), tx.InsertEvent(&event), tx.InsertEvent(&event), drop(tx.EventsAfter(tenant, 0, 1)),
		tenantReceipts(tx, tenant, first.ID),
		tx.Park(parked), tx.Park(parked), drop(tx.TakeParked(name, "")), drop(tx.TakeParked("", "nobody's")))
}

func tenantReceipts(tx *store.Tx, tenant, groupID int64) error {
	number, lane := businessNumber+group.Number(tenant), store.Lane{Kind: store.CallbackLane, ID: 90 + tenant}
	e := group.Event{AccountID: tenant, Number: number, GroupID: groupID, Kind: "left", At: day}
	told := tx.InsertEvent(&e)
	it := store.Item{Lane: lane, OperationID: e.ID}
	dead := store.Item{Lane: lane, OperationID: e.ID}
	err := errors.Join(told, tx.Enqueue(&it), tx.Enqueue(&dead))
	dead.Dead = true
	return errors.Join(err, tx.PutItem(&dead), drop(tx.Unplaced(number)), drop(tx.PlaceEvents(number)), drop(tx.LastPlace(number)),
		drop(tx.Receipts(store.Stream{AccountID: tenant, Number: number, To: 1 << 62, Most: 5})), drop(tx.Receipts(store.Stream{AccountID: tenant, Number: number, GroupID: groupID, To: 1 << 62, Most: 5})),
		drop(tx.WaitingIn(lane, 5)), drop(tx.DeadReceipts(store.Range{ID: dead.ID, Most: 5})), tx.Revive(&dead, tenant),
		tx.PutCallback(&store.Callback{ChannelID: tenant, AccountID: tenant, StatusURL: "https://a.example", ChangedAt: day}))
}

func tenantMessages(tx *store.Tx, tenant int64) error {
	person, wamid := group.Number(5*tenant), "wamid."+strconv.FormatInt(tenant, 10)
	m := store.Message{ID: 900 + tenant, AccountID: tenant, Number: businessNumber, At: day, StateAt: day, State: group.MessageAccepted, Kind: "text", Content: "it's"}
	in := store.Message{AccountID: tenant, Number: businessNumber, At: day, StateAt: day, Inbound: true, State: group.MessageReceived, Person: person, WAMID: wamid + "in"}
	talk := group.Conversation{AccountID: tenant, Number: businessNumber + group.Number(tenant), Person: person}
	news := store.MessageNews{State: group.MessageSent, At: day, WAMID: wamid}
	member := store.MessageMember{Person: person, State: group.MessageDelivered, At: day}
	f := store.MessageFilter{AccountID: tenant, Number: businessNumber}
	yes := true
	narrow := store.MessageFilter{AccountID: tenant, Number: businessNumber, Person: person, Inbound: &yes, States: []group.MessageState{group.MessageReceived, group.MessageRead},
		BatchID: 5, TemplateCode: "t", From: day, Until: day}
	return errors.Join(tx.InsertMessage(&m), tx.InsertInbound(&in), tx.InsertConversation(&talk), drop(tx.Conversation(talk.ID)),
		drop(tx.ConversationWith(talk.Number, person)), drop(tx.ConversationsWith(talk.Number, []group.Number{person, 1})), missed(tx.ConversationWith(1, 1)), tx.PutWrote(talk.ID, day), tx.MoveMessage(m.ID, news), tx.MoveMessage(m.ID, news),
		drop(tx.Message(m.ID)), drop(tx.MessageByWAMID(businessNumber, wamid)), missed(tx.MessageByWAMID(businessNumber, "nobody's")),
		tx.PutMember(m.ID, member), tx.PutMember(m.ID, member), drop(tx.MessageMembers(m.ID)), drop(tx.Messages(f, 0, 5)), drop(tx.Messages(narrow, 1, 5)))
}

func tenantLanes(tx *store.Tx, tenant int64) error {
	lane, other := groupLane(50+tenant), groupLane(60+tenant)
	first, second := store.Item{Lane: lane, Kind: group.KindRemove, OperationID: tenant, Payload: []byte{0}}, store.Item{Lane: lane, Kind: group.KindSend}
	third := store.Item{Lane: other, Kind: group.KindSend, Payload: []byte("text")}
	err := errors.Join(tx.Enqueue(&first), tx.Enqueue(&second), tx.Enqueue(&third))
	first.Ref, first.Attempts, first.NextAt, first.Failure = "ref "+strconv.FormatInt(tenant, 10), 2, day.Add(time.Hour), "timed out"
	third.Dead = true
	return errors.Join(err, tx.PutItem(&first), tx.PutItem(&third), drop(tx.Head(lane)), missed(tx.Head(other)), dropTwo(tx.HeadAlone(lane)),
		drop(tx.ItemByRef(first.Ref)), missed(tx.ItemByRef("nobody's")), drop(tx.HasItem(lane, group.KindSend)), drop(tx.Lanes(lane, 5)),
		drop(tx.DeadItems(5)), tx.EnqueueReread(lane), tx.EnqueueReread(lane), tx.Finish(&first), drop(tx.Head(lane)))
}

func dropTwo(_, _ any, err error) error { return err }

func tenantNodes(tx *store.Tx, tenant int64) error {
	dead, to := 70+tenant, 80+tenant
	return errors.Join(tx.Leave(dead, []byte("report")), tx.Leave(dead, []byte("another")), drop(tx.Inbox(dead, 0, 1)), tx.TakeOver(dead, to),
		drop(tx.Inbox(to, 0, 5)), drop(tx.Inbox(dead, 0, 5)), tx.LeaveNode(store.Node{ID: to, Run: 1}))
}
