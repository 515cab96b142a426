package rpc

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/signature"
)

// Bounds of one list or object, whether it comes as JSON or in flattened form. They are far above what any operation takes.
const (
	maxEntries = 1000
	maxMembers = 64
)

// ErrManyEntries says that a list is longer than any operation takes. Nothing behind the bound has been read.
var ErrManyEntries = fmt.Errorf("the list has more than %d entries", maxEntries)

// Params are the parameters of a call, query and form together, sorted by name, each name once. The first letter of each
// part of a name is in upper case: one common client writes it so for its users, and they write the parts behind as they like.
type Params []signature.Parameter

// newParams takes over the list.
func newParams(list []signature.Parameter, most int) (Params, error) {
	if len(list) > most {
		return nil, refusef(codeMalformed, "The request has more than %d parameters.", most)
	}
	for i := range list {
		list[i].Name = officialName(list[i].Name)
	}
	slices.SortFunc(list, func(a, b signature.Parameter) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(list); i++ {
		if list[i].Name == list[i-1].Name {
			return nil, refusef(codeMalformed, "The parameter %s is sent more than once.", printable(list[i].Name))
		}
	}
	return list, nil
}

// officialName raises the first letter of each part of a name. Nothing is allocated for a name that is right already.
func officialName(name string) string {
	start := true
	for i := range len(name) {
		if start && 'a' <= name[i] && name[i] <= 'z' {
			return raiseLetters(name)
		}
		start = name[i] == '.'
	}
	return name
}

func raiseLetters(name string) string {
	b := []byte(name)
	start := true
	for i, c := range b {
		if start && 'a' <= c && c <= 'z' {
			b[i] = c - ('a' - 'A')
		}
		start = c == '.'
	}
	return string(b)
}

// printable keeps a name from the request short enough to be repeated in an answer.
func printable(name string) string {
	const most = 64
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

func (p Params) index(name string) (int, bool) {
	return slices.BinarySearchFunc(p, name, func(a signature.Parameter, name string) int { return strings.Compare(a.Name, name) })
}

// Lookup gives the text of a parameter, and whether it was sent.
func (p Params) Lookup(name string) (string, bool) {
	if i, ok := p.index(name); ok {
		return p[i].Value, true
	}
	return "", false
}

// Text gives the text of a parameter, "" if it was not sent.
func (p Params) Text(name string) string {
	text, _ := p.Lookup(name)
	return text
}

// Has tells whether a parameter was sent and is not empty, as text or in flattened form.
func (p Params) Has(name string) bool {
	return p.Text(name) != "" || len(p.parts(name)) > 0
}

// Integer reads a whole number that was sent as text. sent is false when the parameter is absent or empty.
func (p Params) Integer(name string) (n int64, sent bool, err error) {
	return integer(p.Text(name))
}

func integer(text string) (n int64, sent bool, err error) {
	if text == "" {
		return 0, false, nil
	}
	n, err = parseInteger(text)
	return n, true, err
}

// parts gives the parameters whose names begin with name and a point: those of a list or object in flattened form.
func (p Params) parts(name string) Params {
	prefix := name + "."
	first, _ := p.index(prefix)
	last := first
	for last < len(p) && strings.HasPrefix(p[last].Name, prefix) {
		last++
	}
	return p[first:last]
}

// Object is a decoded object: members whose values are scalars, sorted by name.
type Object []Member

// Member is a member of an object, its value as it was written.
type Member struct {
	Name, Value string
	Number      bool // sent as a number of JSON, not as text
}

// Member gives a member, the zero one if it was not there. The first letter's case does not count.
func (o Object) Member(name string) Member {
	i, ok := slices.BinarySearchFunc(o, officialName(name), func(m Member, name string) int { return strings.Compare(m.Name, name) })
	if !ok {
		return Member{}
	}
	return o[i]
}

// Text gives the text of a member, "" if it was not there.
func (o Object) Text(name string) string { return o.Member(name).Value }

// Integer reads a member that is a whole number, or text that holds one.
func (o Object) Integer(name string) (n int64, sent bool, err error) {
	return integer(o.Text(name))
}

var errBothForms = errors.New("it is sent as JSON and in parts at the same time")

// Object reads a parameter that is an object: JSON text, or Name.Member in flattened form. sent is false when it is absent or
// empty. Errors are sentences without a subject.
func (p Params) Object(name string) (o Object, sent bool, err error) {
	text, parts := p.Text(name), p.parts(name)
	switch {
	case text != "" && len(parts) > 0:
		return nil, true, errBothForms
	case text != "":
		o, err = parseObject(text)
		return o, true, err
	case len(parts) == 0:
		return nil, false, nil
	case len(parts) > maxMembers:
		return nil, true, errManyMembers
	}
	o = make(Object, len(parts))
	for i, part := range parts {
		member := part.Name[len(name)+1:]
		if member == "" || strings.Contains(member, ".") {
			return nil, true, errNested
		}
		o[i] = Member{Name: member, Value: part.Value}
	}
	return o, true, nil
}

// List reads a parameter that is a list of objects: JSON text, or Name.1.Member in flattened form, counted from 1 without
// gaps. sent is false when it is absent or empty; an empty JSON list is sent, with no entries. It returns ErrManyEntries for
// more than a thousand entries; other errors are sentences without a subject.
func (p Params) List(name string) (list []Object, sent bool, err error) {
	text, parts := p.Text(name), p.parts(name)
	switch {
	case text != "" && len(parts) > 0:
		return nil, true, errBothForms
	case text != "":
		list, err = parseList(text)
		return list, true, err
	case len(parts) == 0:
		return nil, false, nil
	}
	list, err = assemble(parts, len(name)+1)
	return list, true, err
}

// assemble makes a list of Name.1.Member, Name.2.Member and so on; skip is the length of "Name.".
func assemble(parts Params, skip int) ([]Object, error) {
	list := make([]Object, min(len(parts), maxEntries))
	count := 0
	for _, part := range parts {
		number, member, nested := strings.Cut(part.Name[skip:], ".")
		i, ok := position(number)
		switch {
		case !ok || !nested || member == "" || strings.Contains(member, "."):
			return nil, errors.New("its parts must be numbered from 1, each with the name of a member behind")
		case i > maxEntries:
			return nil, ErrManyEntries
		case i > len(list):
			return nil, errGap
		case len(list[i-1]) == maxMembers:
			return nil, errManyMembers
		}
		list[i-1] = append(list[i-1], Member{Name: member, Value: part.Value})
		count = max(count, i)
	}
	list = list[:count]
	if slices.ContainsFunc(list, func(o Object) bool { return o == nil }) {
		return nil, errGap
	}
	return list, nil
}

var errGap = errors.New("its parts must be numbered from 1 without gaps")

// position reads a number of a flattened list: plain digits, the first not 0.
func position(text string) (int, bool) {
	if text == "" || len(text) > 9 || text[0] == '0' {
		return 0, false
	}
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = 10*n + int(text[i]-'0')
	}
	return n, true
}

var errNotInteger = errors.New("it is not a whole number")

// parseInteger takes whole numbers as clients write them; some make 1.0 of 1.
func parseInteger(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	if strings.Trim(text, "0123456789.eE+-") != "" { // hexadecimal and the like, which no client writes
		return 0, errNotInteger
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, errNotInteger
	}
	return int64(f), nil
}
