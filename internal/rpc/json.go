package rpc

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/signature"
)

var (
	errNotJSON     = errors.New("it is not valid JSON")
	errNotList     = errors.New("it must be a JSON list of objects")
	errNotObject   = errors.New("it must be a JSON object")
	errNested      = errors.New("its members must be texts or numbers")
	errRepeated    = errors.New("a member is there twice")
	errManyMembers = errors.New("an object has too many members")
)

// parseList reads a JSON list of flat objects. It stops at the first thing that is wrong, so that a long list costs no more
// than its first thousand entries.
func parseList(text string) ([]Object, error) {
	r := newJSONReader(text)
	if !r.open('[') {
		return nil, r.fault(errNotList)
	}
	var list []Object
	for r.More() {
		if len(list) == maxEntries {
			return nil, ErrManyEntries
		}
		if !r.open('{') {
			return nil, r.fault(errNotList)
		}
		o, err := r.members()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return list, nil
}

// parseObject reads a flat JSON object.
func parseObject(text string) (Object, error) {
	r := newJSONReader(text)
	if !r.open('{') {
		return nil, r.fault(errNotObject)
	}
	o, err := r.members()
	if err != nil {
		return nil, err
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return o, nil
}

// jsonReader reads JSON token by token, never deeper than the two levels that a parameter can have.
type jsonReader struct {
	*json.Decoder
	err error // the syntax error that open met
}

func newJSONReader(text string) *jsonReader {
	r := &jsonReader{Decoder: json.NewDecoder(strings.NewReader(text))}
	r.UseNumber()
	return r
}

func (r *jsonReader) open(delim json.Delim) bool {
	var t json.Token
	t, r.err = r.Token()
	return r.err == nil && t == delim
}

// fault tells a syntax error from a value of the wrong kind.
func (r *jsonReader) fault(wrongKind error) error {
	if r.err != nil {
		return errNotJSON
	}
	return wrongKind
}

// end expects the list's closing bracket, and nothing behind.
func (r *jsonReader) end() error {
	if !r.open(']') {
		return errNotJSON
	}
	if _, err := r.Token(); !errors.Is(err, io.EOF) {
		return errNotJSON
	}
	return nil
}

// members reads an object whose brace has been read, up to and with its end. A null is a member that is not there.
func (r *jsonReader) members() (Object, error) {
	o := make(Object, 0, 1)
	for r.More() {
		name, err := r.Token()
		if err != nil {
			return nil, errNotJSON
		}
		text, null, err := r.scalar()
		switch {
		case err != nil:
			return nil, err
		case null:
			continue
		case len(o) == maxMembers:
			return nil, errManyMembers
		}
		key, _ := name.(string) // the decoder gives nothing else here
		o = append(o, signature.Parameter{Name: officialName(key), Value: text})
	}
	if !r.open('}') {
		return nil, errNotJSON
	}
	slices.SortFunc(o, func(a, b signature.Parameter) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(o); i++ {
		if o[i].Name == o[i-1].Name {
			return nil, errRepeated
		}
	}
	return o, nil
}

func (r *jsonReader) scalar() (text string, null bool, err error) {
	t, err := r.Token()
	if err != nil {
		return "", false, errNotJSON
	}
	switch v := t.(type) {
	case string:
		return v, false, nil
	case json.Number:
		return v.String(), false, nil
	case bool:
		if v {
			return "true", false, nil
		}
		return "false", false, nil
	case nil:
		return "", true, nil
	}
	return "", false, errNested
}
