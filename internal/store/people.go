package store

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
)

// encodePeople writes the people of an operation as JSON, by hand: each removal is written twice and read once.
func encodePeople(people []group.Person) (string, error) {
	if len(people) == 0 {
		return "", nil
	}
	text := make([]byte, 0, 32*len(people)+2)
	for i, p := range people {
		text = append(text, [...]string{`[{"n":`, `,{"n":`}[min(i, 1)]...)
		text = strconv.AppendInt(text, int64(p.Number), 10)
		if p.State != 0 {
			text = strconv.AppendInt(append(text, `,"s":`...), int64(p.State), 10)
		}
		if p.Code != 0 {
			text = strconv.AppendInt(append(text, `,"c":`...), int64(p.Code), 10)
		}
		if p.Message != "" {
			message, err := json.Marshal(p.Message)
			if err != nil {
				return "", err
			}
			text = append(append(text, `,"m":`...), message...)
		}
		text = append(text, '}')
	}
	return string(append(text, ']')), nil
}

// decodePeople reads what encodePeople has written.
func decodePeople(text string) ([]group.Person, error) {
	if text == "" {
		return nil, nil
	}
	if people, ok := plainPeople(text); ok {
		return people, nil
	}
	var people []group.Person
	err := json.Unmarshal([]byte(text), &people)
	return people, err
}

// plainPeople reads people of whom there are only numbers to be read; ok is false for everything else.
func plainPeople(text string) (people []group.Person, ok bool) {
	people = make([]group.Person, 0, strings.Count(text, "{"))
	rest, ok := strings.CutPrefix(text, "[")
	for ok {
		var p group.Person
		var number, state, code int64
		if rest, ok = strings.CutPrefix(rest, `{"n":`); !ok {
			break
		}
		number, rest, ok = leadingInt(rest)
		if after, found := strings.CutPrefix(rest, `,"s":`); ok && found {
			state, rest, ok = leadingInt(after)
		}
		if after, found := strings.CutPrefix(rest, `,"c":`); ok && found {
			code, rest, ok = leadingInt(after)
		}
		p.Number, p.State, p.Code = group.Number(number), group.PersonState(state), int(code)
		people = append(people, p)
		ok = ok && int64(p.State) == state && int64(p.Code) == code
		if !ok || rest == "}]" {
			return people, ok
		}
		rest, ok = strings.CutPrefix(rest, "},")
	}
	return nil, false
}

// leadingInt reads the number that a text begins with.
func leadingInt(text string) (n int64, rest string, ok bool) {
	end := 0
	for end < len(text) && (text[end] == '-' || '0' <= text[end] && text[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	return n, text[end:], err == nil
}
