package rpc

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
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
	r := jsonReader{rest: text}
	if !r.take('[') {
		return nil, errNotList
	}
	var list []Object
	for more := !r.take(']'); more; {
		if len(list) == maxEntries {
			return nil, ErrManyEntries
		}
		if !r.take('{') {
			return nil, errNotList
		}
		o, err := r.members()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
		if more, err = r.next(']'); err != nil {
			return nil, err
		}
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return list, nil
}

// parseObject reads a flat JSON object.
func parseObject(text string) (Object, error) {
	r := jsonReader{rest: text}
	if !r.take('{') {
		return nil, errNotObject
	}
	o, err := r.members()
	if err != nil {
		return nil, err
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return o, nil
}

// jsonReader reads JSON from the front of a text, never deeper than the two levels that a parameter can have, and without
// copying what it need not. It takes what encoding/json takes, which the fuzz test compares it with.
type jsonReader struct{ rest string }

// take passes over a character, if it comes next.
func (r *jsonReader) take(c byte) bool {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	if r.rest == "" || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// next expects a comma, or the end of what is being read.
func (r *jsonReader) next(end byte) (more bool, err error) {
	switch {
	case r.take(','):
		return true, nil
	case r.take(end):
		return false, nil
	}
	return false, errNotJSON
}

// end expects nothing more.
func (r *jsonReader) end() error {
	if strings.TrimLeft(r.rest, " \t\r\n") != "" {
		return errNotJSON
	}
	return nil
}

// members reads an object whose brace has been read, up to and with its end. A null is a member that is not there.
func (r *jsonReader) members() (Object, error) {
	o := make(Object, 0, 2)
	for more := !r.take('}'); more; {
		name, ok := r.text()
		if !ok || !r.take(':') {
			return nil, errNotJSON
		}
		member, null, err := r.scalar()
		member.Name = officialName(name)
		switch {
		case err != nil:
			return nil, err
		case len(o) == maxMembers:
			return nil, errManyMembers
		case !null:
			o = append(o, member)
		}
		if more, err = r.next('}'); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(o, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(o); i++ {
		if o[i].Name == o[i-1].Name {
			return nil, errRepeated
		}
	}
	return o, nil
}

// scalar reads a value into a member that has no name yet.
func (r *jsonReader) scalar() (m Member, null bool, err error) {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	switch {
	case r.rest == "":
		return m, false, errNotJSON
	case r.rest[0] == '{' || r.rest[0] == '[':
		return m, false, errNested
	case r.rest[0] == '"':
		text, ok := r.text()
		if !ok {
			return m, false, errNotJSON
		}
		return Member{Value: text}, false, nil
	}
	end := strings.IndexAny(r.rest, ",}] \t\r\n")
	if end < 0 {
		return m, false, errNotJSON // an object has to end behind it
	}
	word := r.rest[:end]
	r.rest = r.rest[end:]
	m = Member{Value: word, Number: isNumber(word)}
	if word != "true" && word != "false" && word != "null" && !m.Number {
		return m, false, errNotJSON
	}
	return m, word == "null", nil
}

// text reads a string. Only one with escapes is copied.
func (r *jsonReader) text() (string, bool) {
	r.rest = strings.TrimLeft(r.rest, " \t\r\n")
	if r.rest == "" || r.rest[0] != '"' {
		return "", false
	}
	escaped := false
	for i := 1; i < len(r.rest); i++ {
		switch c := r.rest[i]; {
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return "", false
		case c == '"':
			raw := r.rest[:i+1]
			r.rest = r.rest[i+1:]
			if !escaped {
				return raw[1:i], true
			}
			var text string
			err := json.Unmarshal([]byte(raw), &text)
			return text, err == nil
		}
	}
	return "", false
}

// isNumber takes the numbers of RFC 8259.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if strings.HasPrefix(s, ".") {
		n := digits(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := digits(s)
		return n > 0 && n == len(s)
	}
	return s == ""
}

// digits counts the digits that a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
