package store

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// kind is what an argument is to PostgreSQL: a number, text or bytes. A statement's parameters are told apart by it, because a
// parameter that is sent in binary must be of the type that was announced.
type kind byte

const (
	number kind = 'i'
	text   kind = 't'
	binry  kind = 'b'
)

var kindNames = map[kind]string{number: "bigint", text: "text", binry: "bytea"}

// elementOIDs are the keys of the types in PostgreSQL's catalogue, which an array names.
var elementOIDs = map[kind]uint32{number: 20, text: 25, binry: 17}

// nullText is text of which nothing is kept as NULL.
type nullText string

// value gives an argument as PostgreSQL reads it, nil for NULL.
func value(arg any) (kind, []byte) {
	switch v := arg.(type) {
	case int64:
		return number, binary.BigEndian.AppendUint64(nil, uint64(v)) //nolint:gosec // the same 64 bits
	case int:
		return number, binary.BigEndian.AppendUint64(nil, uint64(v)) //nolint:gosec // the same 64 bits
	case string:
		return text, append([]byte{}, legible(v)...)
	case nullText:
		if v == "" {
			return text, nil
		}
		return text, []byte(legible(string(v)))
	case []byte:
		return binry, v
	}
	switch v := reflect.ValueOf(arg); {
	case v.CanInt():
		return number, binary.BigEndian.AppendUint64(nil, uint64(v.Int())) //nolint:gosec // the same 64 bits
	case v.Kind() == reflect.Bool:
		return value(boolInt(v.Bool()))
	default:
		return text, append([]byte{}, legible(v.String())...)
	}
}

// legible puts the sign for what cannot be read in the place of what PostgreSQL does not take as text: zero bytes and broken UTF-8.
// Callers and the network may send either where something is only looked for.
func legible(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// call is one statement that somebody wants run, with its arguments ready to be sent.
type call struct {
	query  string
	kinds  string // of the arguments, a letter each
	values [][]byte

	follows bool // it is a row that was put together with the one before it
	alone   bool // others may write the same row, so it is not put together with theirs
}

func newCall(query string, args []any) call {
	c := call{query: query, values: make([][]byte, len(args))}
	kinds := make([]byte, len(args))
	for i, arg := range args {
		var k kind
		k, c.values[i] = value(arg)
		kinds[i] = byte(k)
	}
	c.kinds = string(kinds)
	return c
}

// form is what two calls have in common that can be sent together.
type form struct{ query, kinds string }

func (c *call) form() form { return form{c.query, c.kinds} }

// formCache keeps the text of each form, which takes longer to write than to run.
type formCache struct{ singles, manies sync.Map }

var forms formCache

func (c *formCache) single(f form) string {
	if sql, ok := c.singles.Load(f); ok {
		return sql.(string) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	sql := f.single()
	c.singles.Store(f, sql)
	return sql
}

func (c *formCache) many(f form) (string, error) {
	if sql, ok := c.manies.Load(f); ok {
		return sql.(string), nil //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	sql, err := f.many()
	if err == nil {
		c.manies.Store(f, sql)
	}
	return sql, err
}

// single writes a statement with the types of its parameters.
func (f form) single() string {
	return eachParam(f.query, func(i int) string { return "$" + strconv.Itoa(i) + "::" + f.kind(i) })
}

func (f form) kind(i int) string { return kindNames[kind(f.kinds[i-1])] }

// many writes a statement for any number of calls at once: each parameter is an array, with an element for each call. Rows
// that are read have the number of their call before them, counted from 1. Only statements with a parameter have such a form.
func (f form) many() (string, error) {
	arrays, names := make([]string, len(f.kinds)), make([]string, len(f.kinds))
	for i := range f.kinds {
		arrays[i] = "$" + strconv.Itoa(i+1) + "::" + f.kind(i+1) + "[]"
		names[i] = "p" + strconv.Itoa(i+1)
	}
	from := "unnest(" + strings.Join(arrays, ", ") + ")"
	columns := strings.Join(names, ", ")
	query := eachParam(f.query, func(i int) string { return "v.p" + strconv.Itoa(i) })
	source := from + " AS v(" + columns + ")"
	switch verb, _, _ := strings.Cut(query, " "); verb {
	case "SELECT":
		return "SELECT v.n, q.* FROM " + from + " WITH ORDINALITY AS v(" + columns + ", n), LATERAL (" + query + ") AS q", nil
	case "INSERT":
		return insertMany(query, source)
	case "UPDATE":
		return besideWhere(query, " FROM "+source)
	case "DELETE":
		return besideWhere(query, " USING "+source)
	}
	return "", fmt.Errorf("%.60q cannot be run for many at once", f.query)
}

// insertMany makes INSERT … VALUES (…) into INSERT … SELECT … FROM, and leaves what follows.
func insertMany(query, source string) (string, error) {
	head, rest, found := strings.Cut(query, "VALUES (")
	if !found {
		return "", fmt.Errorf("%.60q has no VALUES", query)
	}
	depth := 1
	for i := range len(rest) {
		switch rest[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return head + "SELECT " + rest[:i] + " FROM " + source + " WHERE true" + rest[i+1:], nil
		}
	}
	return "", fmt.Errorf("%.60q has no end of VALUES", query)
}

// besideWhere puts the source of the arguments before the statement's own WHERE, which is the first one.
func besideWhere(query, source string) (string, error) {
	at := strings.Index(query, "WHERE")
	if at < 0 {
		return "", fmt.Errorf("%.60q has no WHERE", query)
	}
	return strings.TrimRight(query[:at], " \t\n") + source + " " + query[at:], nil
}

// eachParam replaces $1, $2 … in a statement.
func eachParam(query string, with func(int) string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(query, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
		i, _ := strconv.Atoi(after[:digits])
		b.WriteString(with(i))
		query = after[digits:]
	}
}

// array gives the same argument of many calls as one array, in PostgreSQL's binary form.
func array(k kind, calls []call, argument int) []byte {
	size := 20
	for i := range calls {
		size += 4 + len(calls[i].values[argument])
	}
	b := make([]byte, 0, size)
	b = binary.BigEndian.AppendUint32(b, 1) // dimensions
	b = binary.BigEndian.AppendUint32(b, 1) // there may be NULLs
	b = binary.BigEndian.AppendUint32(b, elementOIDs[k])
	b = binary.BigEndian.AppendUint32(b, uint32(len(calls))) //nolint:gosec // a batch is small
	b = binary.BigEndian.AppendUint32(b, 1)                  // index of the first
	for i := range calls {
		v := calls[i].values[argument]
		if v == nil {
			b = binary.BigEndian.AppendUint32(b, ^uint32(0))
			continue
		}
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...) //nolint:gosec // bounded by what a request can hold
	}
	return b
}
