package simulator

import "time"

// Interference lets a test make the platform misbehave on purpose. Each function may be nil, is called from many
// goroutines, and may block to hold up what it is asked about. Nothing but tests installs one.
type Interference struct {
	// BeforeCall is asked once for each Graph call that names a known operation, before it takes effect.
	BeforeCall func(Call) CallFate
	// AfterCall is told of each call once it has taken effect and before its answer leaves.
	AfterCall func(Call)
	// Outcome is asked how an accepted step ends: 0, or the error code that its webhook shall carry.
	Outcome func(Step) int
	// Webhook is asked once for each webhook, before it is first sent.
	Webhook func(Webhook) WebhookFate
}

// Call describes one Graph call.
type Call struct {
	Operation string // e.g. "remove_participants", "send_message"; the names in calls.go
	Object    string // group id, phone number id or account id
	Number    string // id of the phone number that it is about; empty for an account
	Body      []byte // as it was received; must not be changed
}

// CallFate says what becomes of a call. The zero value lets it pass.
type CallFate struct {
	Code       int  // refuse with this error code, without effect
	Status     int  // HTTP status of the refusal; 0 = the one Meta documents for the code
	LoseAnswer bool // carry it out, then drop the connection without an answer
	Usage      Usage
}

// Step describes one asynchronous step at the moment of its completion.
type Step struct {
	Kind    string // create, update, delete, remove, message
	GroupID string
	Phone   string // digits of the person, for remove only, which is asked about person by person
}

// Webhook describes one webhook.
type Webhook struct {
	Field   string // e.g. group_participants_update
	Type    string // e.g. group_participants_remove; for messages: "text", or the status
	GroupID string
	Body    []byte // must not be changed
}

// WebhookFate says what becomes of a webhook. The zero value lets it pass.
type WebhookFate struct {
	Lose   bool          // it is never sent
	Copies int           // how many more times it is sent, right after the first
	Delay  time.Duration // it steps out of its group's order and is sent that much later
}

// Interfere installs an interference in place of the former one; nil removes it.
func (s *Simulator) Interfere(with *Interference) { s.meddling.Store(with) }

func (s *Simulator) interfereBefore(c Call) CallFate {
	if i := s.meddling.Load(); i != nil && i.BeforeCall != nil {
		return i.BeforeCall(c)
	}
	return CallFate{}
}

func (s *Simulator) interfereAfter(c Call) {
	if i := s.meddling.Load(); i != nil && i.AfterCall != nil {
		i.AfterCall(c)
	}
}

func (s *Simulator) interfereOutcome(st Step) int {
	if i := s.meddling.Load(); i != nil && i.Outcome != nil {
		return i.Outcome(st)
	}
	return 0
}

func (s *Simulator) interfereWebhook(w Webhook) WebhookFate {
	if i := s.meddling.Load(); i != nil && i.Webhook != nil {
		return i.Webhook(w)
	}
	return WebhookFate{}
}
