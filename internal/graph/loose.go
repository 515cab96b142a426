package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// Meta's own pages and samples show the same member once as a string and once as a number or a boolean. The types in
// this file take either, and take anything else for absent, so that one odd member never costs the rest of a body.

// text is a string that may come as a number or a boolean.
type text string

// UnmarshalJSON never fails.
func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	switch c := data[0]; {
	case c == '"':
		var s string
		if json.Unmarshal(data, &s) == nil {
			*t = text(s)
		}
	case c == '-', c >= '0' && c <= '9', c == 't', c == 'f':
		*t = text(data)
	}
	return nil
}

// number is an integer that may come as a string.
type number int64

// UnmarshalJSON never fails.
func (n *number) UnmarshalJSON(data []byte) error {
	*n = 0
	s := string(bytes.Trim(data, `" `))
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = number(i)
		return nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > -1e15 && f < 1e15 {
		*n = number(f)
	}
	return nil
}

// time reads n as seconds since 1970 and gives the zero time for what is absent or beyond the year 9999.
func (n number) time() time.Time {
	if n <= 0 || n > 253402300799 {
		return time.Time{}
	}
	return time.Unix(int64(n), 0).UTC()
}

// flag is a boolean that may come as a string or a number.
type flag bool

// UnmarshalJSON never fails.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch string(bytes.ToLower(bytes.Trim(data, `" `))) {
	case "true", "1":
		*f = true
	default:
		*f = false
	}
	return nil
}

// list is an array; a lone object stands for an array of one, and elements of another kind are left out.
type list[T any] []T

// UnmarshalJSON never fails.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	raw := []json.RawMessage{data}
	if data[0] != '{' {
		raw = nil
		if json.Unmarshal(data, &raw) != nil {
			return nil //nolint:nilerr // what is no list counts as an empty one
		}
	}
	for _, r := range raw {
		var v T
		if decode(r, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// decode reads a JSON object into v and passes over members of an unexpected kind.
func decode(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && mismatch.Field != "" {
		return nil
	}
	return err
}

// wireError is one item of an errors array, and the content of the error envelope.
type wireError struct {
	Code      number `json:"code"`
	Subcode   number `json:"error_subcode"`
	Title     text   `json:"title"`
	Message   text   `json:"message"`
	UserTitle text   `json:"error_user_title"`
	Data      struct {
		Details text `json:"details"`
	} `json:"error_data"`
	Transient flag `json:"is_transient"`
	TraceID   text `json:"fbtrace_id"`
}

func (w *wireError) toError() *Error {
	e := &Error{
		Code: int(w.Code), Subcode: int(w.Subcode), Title: string(w.Title), Message: string(w.Message),
		Details: string(w.Data.Details), TraceID: string(w.TraceID), Transient: bool(w.Transient),
	}
	if e.Title == "" {
		e.Title = withoutCode(e.Message)
	}
	if e.Code == CodeTokenInvalid {
		e.Title = titles[CodeTokenInvalid] // the words of the network can quote the token
	}
	return e
}

func toErrors(ws []wireError) []*Error {
	if len(ws) == 0 {
		return nil
	}
	errs := make([]*Error, len(ws))
	for i := range ws {
		errs[i] = ws[i].toError()
	}
	return errs
}

// withoutCode cuts "(#131208) " from the front of a message.
func withoutCode(message string) string {
	if len(message) > 2 && message[:2] == "(#" {
		for i := 2; i < len(message); i++ {
			if message[i] == ')' {
				return string(bytes.TrimSpace([]byte(message[i+1:])))
			}
		}
	}
	return message
}
