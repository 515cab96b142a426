package rpc

import (
	"encoding/xml"
	"strconv"
	"unicode/utf8"
)

// Writer writes the members of an answer one after the other, as JSON or XML, whichever the caller has asked for. Names are
// written as they are, so they must be plain identifiers; values may hold anything.
type Writer struct {
	buf   []byte
	xml   bool
	comma bool // JSON: a member stands before the next one
}

// Text writes a member that is text.
func (w *Writer) Text(name, value string) {
	w.begin(name)
	if w.xml {
		w.escapeXML(value)
	} else {
		w.buf = appendJSON(w.buf, value)
	}
	w.end(name)
}

// Number writes a member that is a number.
func (w *Writer) Number(name string, value int64) {
	w.begin(name)
	w.buf = strconv.AppendInt(w.buf, value, 10)
	w.end(name)
}

// Bool writes a member that is true or false.
func (w *Writer) Bool(name string, value bool) {
	w.begin(name)
	w.buf = strconv.AppendBool(w.buf, value)
	w.end(name)
}

// Object writes a member that is an object; members writes what is in it.
func (w *Writer) Object(name string, members func()) {
	w.begin(name)
	w.braces(members)
	w.end(name)
}

// List writes a member that is a list of n objects; members writes what is in the one of that index. In XML each entry is an
// element of the list's name.
func (w *Writer) List(name string, n int, members func(i int)) {
	if w.xml {
		for i := range n {
			w.begin(name)
			members(i)
			w.end(name)
		}
		return
	}
	w.begin(name)
	w.buf = append(w.buf, '[')
	for i := range n {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.braces(func() { members(i) })
	}
	w.buf = append(w.buf, ']')
	w.end(name)
}

// Texts writes a member that is a list of texts. In XML each is an element of the list's name.
func (w *Writer) Texts(name string, values []string) {
	if w.xml {
		for _, v := range values {
			w.Text(name, v)
		}
		return
	}
	w.begin(name)
	w.buf = append(w.buf, '[')
	for i, v := range values {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = appendJSON(w.buf, v)
	}
	w.buf = append(w.buf, ']')
	w.end(name)
}

func (w *Writer) begin(name string) {
	if w.xml {
		w.buf = append(append(append(w.buf, '<'), name...), '>')
		return
	}
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(append(append(w.buf, '"'), name...), `":`...)
}

func (w *Writer) end(name string) {
	if w.xml {
		w.buf = append(append(append(w.buf, `</`...), name...), '>')
		return
	}
	w.comma = true
}

// braces writes what stands inside of an object.
func (w *Writer) braces(members func()) {
	if w.xml {
		members()
		return
	}
	w.buf = append(w.buf, '{')
	w.comma = false
	members()
	w.buf = append(w.buf, '}')
	w.comma = true
}

// document writes the whole answer, root being the element that XML needs around it.
func (w *Writer) document(root string, members func()) {
	if !w.xml {
		w.braces(members)
		return
	}
	w.buf = append(w.buf, `<?xml version='1.0' encoding='UTF-8'?>`...)
	w.begin(root)
	members()
	w.end(root)
}

// Write lets an escaper append.
func (w *Writer) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

func (w *Writer) escapeXML(value string) {
	_ = xml.EscapeText(w, []byte(value)) // fails only when Write does
}

// appendJSON appends a JSON string. What is not UTF-8 becomes the replacement character.
func appendJSON(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch {
		case c >= utf8.RuneSelf:
			dst = append(dst, "\ufffd"...)
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i += size
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
