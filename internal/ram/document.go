package ram

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// reader walks a JSON document of which the syntax is known to be right. The
// grammar of a policy has a fixed depth and every member of another name ends
// the walk, so nothing here calls itself.
type reader struct {
	dec *json.Decoder
}

func newReader(doc []byte) *reader {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	return &reader{dec: dec}
}

// checkJSON tells whether doc is one JSON value in UTF-8, and where it is not.
func checkJSON(doc []byte) error {
	if !utf8.Valid(doc) {
		return errors.New("the document is not valid UTF-8")
	}
	var raw json.RawMessage
	err := json.Unmarshal(doc, &raw)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("the document is not valid JSON at byte %d: %w", syntax.Offset, err)
	}
	if err != nil {
		return fmt.Errorf("the document is not valid JSON: %w", err)
	}
	return nil
}

func (r *reader) next() (json.Token, error) {
	token, err := r.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	return token, err
}

// object reads an object and calls member for each name in it; member must
// read the value. A name that comes twice is refused: two readers could
// disagree about which of the two counts.
func (r *reader) object(member func(name string) error) error {
	token, err := r.next()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("expected an object, found %s", describe(token))
	}
	seen := make(map[string]bool)
	for r.dec.More() {
		name, err := r.name()
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("member %s appears twice", quote(name))
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
	_, err = r.next()
	return err
}

func (r *reader) name() (string, error) {
	token, err := r.next()
	if err != nil {
		return "", err
	}
	name, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("expected a member name, found %s", describe(token))
	}
	return name, nil
}

// array reads the array of that name and calls element for each item; element
// must read it. The number it gets counts from 1.
func (r *reader) array(name string, element func(n int) error) error {
	token, err := r.next()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return fmt.Errorf("%s: expected an array, found %s", name, describe(token))
	}
	for n := 1; r.dec.More(); n++ {
		if err := element(n); err != nil {
			return err
		}
	}
	_, err = r.next()
	return err
}

// value is a scalar of the document. A number keeps the digits it was
// written with.
type value struct {
	text string
	kind valueKind
}

type valueKind uint8

const (
	stringValue valueKind = iota
	numberValue
	boolValue
)

// values reads one scalar or an array of at least one.
func (r *reader) values() ([]value, error) {
	token, err := r.next()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('[') {
		v, err := scalar(token)
		return []value{v}, err
	}
	var list []value
	for r.dec.More() {
		if token, err = r.next(); err != nil {
			return nil, err
		}
		v, err := scalar(token)
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", len(list)+1, err)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		return nil, errors.New("the list is empty")
	}
	_, err = r.next()
	return list, err
}

// text reads one string.
func (r *reader) text() (string, error) {
	token, err := r.next()
	if err != nil {
		return "", err
	}
	text, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("expected a string, found %s", describe(token))
	}
	return text, nil
}

func scalar(token json.Token) (value, error) {
	switch t := token.(type) {
	case string:
		return value{t, stringValue}, nil
	case json.Number:
		return value{t.String(), numberValue}, nil
	case bool:
		return value{strconv.FormatBool(t), boolValue}, nil
	}
	return value{}, fmt.Errorf("expected a string, a number or a boolean, found %s", describe(token))
}

func describe(token json.Token) string {
	switch t := token.(type) {
	case nil:
		return "null"
	case string:
		return "the string " + quote(t)
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case json.Delim:
		if t == '[' {
			return "an array"
		}
	}
	return "an object"
}

// quote shows the beginning of what the author wrote, so that a huge name
// does not make a huge error.
func quote(s string) string {
	const most = 64
	n := 0
	for i := range s {
		if n == most {
			return strconv.Quote(s[:i]) + "…"
		}
		n++
	}
	return strconv.Quote(s)
}
