package simulator

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// control is one call of the control API; what it returns goes out with the status.
type control func(*http.Request) (status int, payload any, err error)

// Control serves the control API under /sim/v1/: the phones, the platform's own acts, and the journal. It asks for no
// credentials, so it must be reachable from the machine itself alone. Errors are {"error":{"code","message"}}.
func (s *Simulator) Control() http.Handler {
	mux := http.NewServeMux()
	for pattern, run := range map[string]control{
		"GET /sim/v1/phones":                    s.listPhones,
		"POST /sim/v1/phones":                   s.addPhone,
		"GET /sim/v1/phones/{number}":           s.getPhone,
		"POST /sim/v1/phones/{number}/join":     s.joinGroup,
		"POST /sim/v1/phones/{number}/leave":    s.leaveGroup,
		"GET /sim/v1/phones/{number}/messages":  s.listMessages,
		"POST /sim/v1/phones/{number}/messages": s.writeMessage,
		"GET /sim/v1/numbers":                   s.listBusinessNumbers,
		"POST /sim/v1/numbers/{number}":         s.setStanding,
		"POST /sim/v1/phones/{number}/read":     s.readMessage,
		"GET /sim/v1/groups":                    s.listAllGroups,
		"GET /sim/v1/groups/{id}":               s.showGroup,
		"POST /sim/v1/groups/{id}/suspend":      s.suspendGroup,
		"POST /sim/v1/groups/{id}/clear":        s.clearGroup,
		"POST /sim/v1/faults":                   s.addFault,
		"GET /sim/v1/faults":                    s.listFaults,
		"DELETE /sim/v1/faults":                 s.clearFaults,
		"GET /sim/v1/journal":                   s.showJournal,
		"/":                                     unknownControl,
	} {
		mux.HandleFunc(pattern, s.answerControl(run))
	}
	return mux
}

func unknownControl(*http.Request) (int, any, error) {
	return 0, nil, &refusal{http.StatusNotFound, "unknown_path", "the control API has no such call"}
}

type controlError struct {
	Error controlErrorBody `json:"error"`
}

type controlErrorBody struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *Simulator) answerControl(run control) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxJSONBody)
		status, payload, err := run(r)
		if err != nil {
			status, payload = s.controlFailure(err)
		}
		body, err := json.Marshal(payload)
		if err != nil {
			s.config.Logger.Error("encode answer of the control API", "error", err)
			status, body = http.StatusInternalServerError, nil
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(append(body, '\n')) // a client that is gone needs no answer
	}
}

func (s *Simulator) controlFailure(err error) (int, controlError) {
	var r *refusal
	if errors.As(err, &r) {
		return r.status, controlError{controlErrorBody{Code: r.code, Message: r.message}}
	}
	if errors.Is(err, errClosed) {
		return http.StatusServiceUnavailable, controlError{controlErrorBody{Code: "closed", Message: "the simulator is shutting down"}}
	}
	s.config.Logger.Error("a call to the control API failed", "error", err)
	return http.StatusInternalServerError, controlError{controlErrorBody{Code: "internal", Message: "the simulator failed; its log says why"}}
}

func invalid(code, message string) error { return &refusal{http.StatusBadRequest, code, message} }

func decodeControl(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return invalid("invalid_request", "the request body is not the JSON object that this call takes")
	}
	return nil
}

type journalAnswer struct {
	Entries []journalEntry `json:"entries"`
	Last    int64          `json:"last"`
}

// showJournal answers the last thousand records, or those after ?since=.
func (s *Simulator) showJournal(r *http.Request) (int, any, error) {
	var since int64
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.ParseInt(text, 10, 64); err != nil || since < 0 {
			return 0, nil, invalid("invalid_request", "since must be the number of a journal entry")
		}
	}
	records, last := s.journal.since(since)
	answer := journalAnswer{Entries: make([]journalEntry, 0, len(records)), Last: last}
	for _, r := range records {
		answer.Entries = append(answer.Entries, r.entry())
	}
	return http.StatusOK, answer, nil
}
