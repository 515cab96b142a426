package simulator

import (
	"net/http"
	"time"
)

// faultBody is a fault as the control API takes and shows it.
type faultBody struct {
	ID        int64  `json:"id,omitempty"`
	Number    string `json:"phone_number_id,omitempty"`
	Operation string `json:"operation,omitempty"`
	GroupID   string `json:"group_id,omitempty"`
	Times     int    `json:"times"` // default 1
	Hits      int    `json:"hits,omitempty"`

	Code          int    `json:"code,omitempty"`
	Status        int    `json:"status,omitempty"`
	LoseAnswer    bool   `json:"lose_answer,omitempty"`
	Hang          string `json:"hang,omitempty"` // such as "30s"
	AppUsage      int    `json:"app_usage,omitempty"`
	AccountUsage  int    `json:"account_usage,omitempty"`
	RegainMinutes int    `json:"regain_minutes,omitempty"`
}

func (b *faultBody) fault() (Fault, error) {
	f := Fault{Number: b.Number, Operation: b.Operation, GroupID: b.GroupID, Times: b.Times, Fate: CallFate{Code: b.Code,
		Status: b.Status, LoseAnswer: b.LoseAnswer, Usage: Usage{App: b.AppUsage, Account: b.AccountUsage, RegainMinutes: b.RegainMinutes}}}
	if f.Times == 0 {
		f.Times = 1
	}
	if b.Hang != "" {
		var err error
		if f.Hang, err = time.ParseDuration(b.Hang); err != nil || f.Hang < 0 {
			return f, invalid("invalid_request", `hang must be a time such as "30s"`)
		}
	}
	switch {
	case f.Times < 0, b.Code < 0, b.AppUsage < 0, b.AccountUsage < 0, b.RegainMinutes < 0:
		return f, invalid("invalid_request", "times, code, usages and minutes must not be negative")
	case b.Status != 0 && (b.Status < 400 || b.Status > 599):
		return f, invalid("invalid_request", "status must be one of an error, 400 to 599")
	case b.Status != 0 && b.Code == 0:
		return f, invalid("invalid_request", "a status needs a code to go with it")
	case f.Operation != "" && !knownOperation(f.Operation):
		return f, invalid("invalid_request", "operation must be the name of a Graph call as the journal shows it")
	}
	return f, nil
}

func knownOperation(name string) bool {
	for _, o := range operations {
		if o.name == name {
			return true
		}
	}
	return false
}

func (r *rule) body() faultBody {
	b := faultBody{ID: r.id, Number: r.Number, Operation: r.Operation, GroupID: r.GroupID, Times: r.Times, Hits: r.hits,
		Code: r.Fate.Code, Status: r.Fate.Status, LoseAnswer: r.Fate.LoseAnswer, AppUsage: r.Fate.Usage.App,
		AccountUsage: r.Fate.Usage.Account, RegainMinutes: r.Fate.Usage.RegainMinutes}
	if r.Hang > 0 {
		b.Hang = r.Hang.String()
	}
	return b
}

func (s *Simulator) addFault(r *http.Request) (int, any, error) {
	var body faultBody
	if err := decodeControl(r, &body); err != nil {
		return 0, nil, err
	}
	f, err := body.fault()
	if err != nil {
		return 0, nil, err
	}
	body.ID, body.Times, body.Hits = s.Fail(f), f.Times, 0
	return http.StatusCreated, body, nil
}

type faultList struct {
	Faults []faultBody `json:"faults"`
}

func (s *Simulator) listFaults(*http.Request) (int, any, error) {
	list := faultList{Faults: []faultBody{}}
	for _, r := range s.faults.list() {
		list.Faults = append(list.Faults, r.body())
	}
	return http.StatusOK, list, nil
}

func (s *Simulator) clearFaults(*http.Request) (int, any, error) {
	s.Mend()
	return http.StatusOK, faultList{Faults: []faultBody{}}, nil
}
