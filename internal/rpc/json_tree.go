package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of a parameter that holds JSON of any shape. What operations take of it is far below.
const (
	maxTreeBytes  = 1 << 20
	maxTreeDepth  = 12
	maxTreeValues = 50_000
)

var (
	errTreeSize  = fmt.Errorf("it is longer than %d bytes", maxTreeBytes)
	errTreeDepth = fmt.Errorf("it is nested deeper than %d levels", maxTreeDepth)
	errTreeMany  = fmt.Errorf("it holds more than %d values", maxTreeValues)
	errNotUTF8   = errors.New("it is not valid UTF-8")
)

// JSON reads a parameter that is a JSON object or list of any shape, within bounds, or an object in flattened form (Name.Member), whose
// members are texts then. No object in it has the same member twice. sent is false when it is absent or empty. Errors are sentences
// without a subject.
func (p Params) JSON(name string) (tree json.RawMessage, sent bool, err error) {
	text, parts := p.Text(name), p.parts(name)
	switch {
	case text != "" && len(parts) > 0:
		return nil, true, errBothForms
	case text != "":
		return json.RawMessage(text), true, checkTree(text)
	case len(parts) == 0:
		return nil, false, nil
	}
	o, sent, err := p.Object(name)
	if err != nil {
		return nil, sent, err
	}
	members := make(map[string]string, len(o))
	for _, m := range o {
		members[m.Name] = m.Value
	}
	tree, err = json.Marshal(members)
	return tree, true, err
}

// CheckJSON refuses a text that is no JSON object or list, or is out of the bounds of a parameter.
func CheckJSON(text string) error { return checkTree(text) }

// checkTree refuses what is no JSON object or list, or is out of bounds. It does not recurse: no text can use up the stack.
func checkTree(text string) error {
	switch {
	case len(text) > maxTreeBytes:
		return errTreeSize
	case !utf8.ValidString(text):
		return errNotUTF8
	}
	t := treeReader{tokens: json.NewDecoder(strings.NewReader(text))}
	t.tokens.UseNumber()
	for first := true; first || len(t.open) > 0; first = false {
		token, err := t.tokens.Token()
		if err != nil {
			return errNotJSON
		}
		if err := t.see(token); err != nil {
			return err
		}
	}
	if _, err := t.tokens.Token(); !errors.Is(err, io.EOF) {
		return errNotJSON
	}
	return nil
}

// treeReader goes through JSON token by token.
type treeReader struct {
	tokens *json.Decoder
	open   []treeLevel
	values int
}

// treeLevel is an object or a list that has not ended.
type treeLevel struct {
	names map[string]bool // nil for a list
	value bool            // of an object: a value comes next, and not a name
}

func (t *treeReader) see(token json.Token) error {
	if d, ok := token.(json.Delim); ok && (d == '}' || d == ']') {
		t.open = t.open[:len(t.open)-1]
		return nil
	}
	if n := len(t.open); n > 0 && t.open[n-1].names != nil {
		level := &t.open[n-1]
		if level.value = !level.value; level.value {
			name := officialName(token.(string)) //nolint:errcheck,forcetypeassert // the decoder gives nothing else there
			if level.names[name] {
				return errRepeated
			}
			level.names[name] = true
			return nil
		}
	}
	if t.values++; t.values > maxTreeValues {
		return errTreeMany
	}
	d, opens := token.(json.Delim)
	switch {
	case !opens && len(t.open) == 0:
		return errNotTree
	case !opens:
		return nil
	case len(t.open) == maxTreeDepth:
		return errTreeDepth
	case d == '{':
		t.open = append(t.open, treeLevel{names: map[string]bool{}})
	default:
		t.open = append(t.open, treeLevel{})
	}
	return nil
}

var errNotTree = errors.New("it must be a JSON object or list")

// Texts reads a parameter that is a list of texts: JSON text, or Name.1, Name.2 and so on in flattened form. sent is false when it is absent
// or empty. Errors are sentences without a subject.
func (p Params) Texts(name string) (list []string, sent bool, err error) {
	text, parts := p.Text(name), p.parts(name)
	switch {
	case text != "" && len(parts) > 0:
		return nil, true, errBothForms
	case text != "":
		if err := checkTree(text); err != nil {
			return nil, true, err
		}
		if json.Unmarshal([]byte(text), &list) != nil {
			return nil, true, errNotTexts
		}
		return list, true, nil
	case len(parts) > maxEntries:
		return nil, true, ErrManyEntries
	}
	list = make([]string, len(parts))
	for _, part := range parts {
		i, ok := position(part.Name[len(name)+1:])
		if !ok || i > len(list) {
			return nil, true, errGap
		}
		list[i-1] = part.Value
	}
	return list, len(parts) > 0, nil
}

var errNotTexts = errors.New("it must be a JSON list of texts")
