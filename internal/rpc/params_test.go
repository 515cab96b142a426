package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/signature"
)

func paramsOf(t testing.TB, query string) Params {
	t.Helper()
	list, err := signature.DecodeParameters(query)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newParams(list, 5000)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func object(pairs ...string) Object {
	o := Object{}
	for i := 0; i < len(pairs); i += 2 {
		o = append(o, Member{Name: pairs[i], Value: pairs[i+1]})
	}
	return o
}

// numbers is an object whose members were sent as numbers of JSON.
func numbers(pairs ...string) Object {
	o := object(pairs...)
	for i := range o {
		o[i].Number = true
	}
	return o
}

func TestList(t *testing.T) {
	one := []Object{object("ParticipantNumber", "861")}
	two := []Object{object("ParticipantNumber", "861"), object("ParticipantNumber", "862")}
	cases := []struct {
		query string
		want  []Object
		fails bool
	}{
		{query: "", want: nil},
		{query: "List=", want: nil},
		{query: "List=[]", want: nil},
		{query: `List=[{"ParticipantNumber":"861"}]`, want: one},
		{query: `List=[{"participantNumber":861}]`, want: []Object{numbers("ParticipantNumber", "861")}},
		{query: `list= [ {"ParticipantNumber":"861"} , {"ParticipantNumber":"862"} ] `, want: two},
		{query: "List.1.ParticipantNumber=861", want: one},
		{query: "list.2.participantNumber=862&list.1.participantNumber=861", want: two},
		{query: `List=[{"ParticipantNumber":"861","Other":null}]`, want: one},
		{query: `List=[{}]`, want: []Object{{}}},
		{query: `List=[{"A":true,"B":1.5e3}]`, want: []Object{append(object("A", "true"), numbers("B", "1.5e3")...)}},
		{query: "List.1.A=1&List.1.B=2", want: []Object{object("A", "1", "B", "2")}},
		{query: `List=null`, fails: true},
		{query: `List={}`, fails: true},
		{query: `List="x"`, fails: true},
		{query: `List=8613800000001`, fails: true},
		{query: `List=[1]`, fails: true},
		{query: `List=["861"]`, fails: true},
		{query: `List=[null]`, fails: true},
		{query: `List=[[{}]]`, fails: true},
		{query: `List=[{"A":{}}]`, fails: true},
		{query: `List=[{"A":[1]}]`, fails: true},
		{query: `List=[{"A":1,"A":2}]`, fails: true},
		{query: `List=[{"A":1,"a":2}]`, fails: true},
		{query: `List=[{"A":1}`, fails: true},
		{query: `List=[{"A":1}] x`, fails: true},
		{query: `List=[{"A":1}][]`, fails: true},
		{query: `List=[{"A":1},]`, fails: true},
		{query: `List=[{"A":1}{"A":2}]`, fails: true},
		{query: `List=[{A:1}]`, fails: true},
		{query: `List=[`, fails: true},
		{query: "List=%EF%BB%BF[]", fails: true},
		{query: `List=[object Object]`, fails: true},
		{query: "List=[]&List.1.A=1", fails: true},
		{query: "List.0.A=1", fails: true},
		{query: "List.01.A=1", fails: true},
		{query: "List.2.A=1", fails: true},
		{query: "List.1.A=1&List.3.A=1", fails: true},
		{query: "List.1.A=1&List.3.A=1&List.3.B=1", fails: true},
		{query: "List.1=861", fails: true},
		{query: "List.=861", fails: true},
		{query: "List.x.A=861", fails: true},
		{query: "List.1.A.1.B=861", fails: true},
		{query: "List.99999999999999999999.A=1", fails: true},
		{query: "List.-1.A=1", fails: true},
	}
	for _, c := range cases {
		got, _, err := paramsOf(t, strings.ReplaceAll(c.query, "+", "%2B")).List("List")
		if (err != nil) != c.fails {
			t.Errorf("%s: error %v", c.query, err)
		}
		if diff := cmp.Diff(c.want, got); !c.fails && diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, diff)
		}
	}
}

func TestObject(t *testing.T) {
	cases := []struct {
		query string
		want  Object
		sent  bool
		fails bool
	}{
		{query: ""},
		{query: "Page="},
		{query: "PageIndex=1"},
		{query: `Page={"Index":1,"Size":"20"}`, want: append(numbers("Index", "1"), object("Size", "20")...), sent: true},
		{query: "Page.Index=1&page.size=20", want: object("Index", "1", "Size", "20"), sent: true},
		{query: "Page={}", want: object(), sent: true},
		{query: "Page=[]", sent: true, fails: true},
		{query: "Page=1", sent: true, fails: true},
		{query: "Page=null", sent: true, fails: true},
		{query: "Page=[object Object]", sent: true, fails: true},
		{query: `Page={"Index":1}}`, sent: true, fails: true},
		{query: `Page={"Index":{"A":1}}`, sent: true, fails: true},
		{query: `Page={"Index":1}&Page.Size=2`, sent: true, fails: true},
		{query: "Page.Index.X=1", sent: true, fails: true},
		{query: "Page.=1", sent: true, fails: true},
	}
	for _, c := range cases {
		got, sent, err := paramsOf(t, c.query).Object("Page")
		if (err != nil) != c.fails || sent != c.sent {
			t.Errorf("%s: sent %t, error %v", c.query, sent, err)
		}
		if diff := cmp.Diff(c.want, got); !c.fails && diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, diff)
		}
	}
}

func TestInteger(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "-5": -5, "9223372036854775807": 1<<63 - 1, "1.0": 1, "2e1": 20, "20.000": 20, "+3": 3,
	} {
		if got, sent, err := object("N", text).Integer("n"); got != want || !sent || err != nil {
			t.Errorf("%s: %d, %t, %v", text, got, sent, err)
		}
	}
	for _, text := range []string{"x", "1.5", "1e30", "9223372036854775808", "0x10", "NaN", "Inf", "1_0", " 1", "1 ", "true", "--1", "٣"} {
		if got, _, err := object("N", text).Integer("N"); err == nil {
			t.Errorf("%q: %d, want an error", text, got)
		}
	}
	if _, sent, err := object("N", "").Integer("N"); sent || err != nil {
		t.Errorf("empty: sent %t, error %v", sent, err)
	}
}

// TestBounds: long lists and wide objects are refused, and cost no more than what is read of them.
func TestBounds(t *testing.T) {
	entries := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"ParticipantNumber":"8613800000001"},`, n), ",") + "]"
	}
	if list, err := parseList(entries(maxEntries)); err != nil || len(list) != maxEntries {
		t.Errorf("%d entries, error %v", len(list), err)
	}
	long := entries(10_000)
	if _, err := parseList(long); !errors.Is(err, ErrManyEntries) {
		t.Errorf("10,000 entries: %v", err)
	}
	if _, err := parseList(entries(maxEntries+1) + "garbage"); !errors.Is(err, ErrManyEntries) {
		t.Error("a list was read to its end")
	}
	allocations := testing.AllocsPerRun(5, func() { _, _ = parseList(long) })
	if most := float64(20 * maxEntries); allocations > most {
		t.Errorf("10,000 entries cost %.0f allocations", allocations)
	}
	var flat strings.Builder
	for i := range maxEntries + 1 {
		fmt.Fprintf(&flat, "&List.%d.A=1", i+1)
	}
	if _, _, err := paramsOf(t, flat.String()).List("List"); !errors.Is(err, ErrManyEntries) {
		t.Errorf("in parts: %v", err)
	}
	var wide strings.Builder
	for i := range maxMembers + 1 {
		fmt.Fprintf(&wide, `,"M%d":1`, i)
	}
	if _, err := parseObject("{" + wide.String()[1:] + "}"); !errors.Is(err, errManyMembers) {
		t.Errorf("a wide object: %v", err)
	}
	deep := strings.Repeat("[", 1<<20)
	if _, err := parseList(deep); err == nil {
		t.Error("a deep list was taken")
	}
	if _, err := parseObject(strings.Repeat(`{"a":`, 1<<18)); err == nil {
		t.Error("a deep object was taken")
	}
}

// TestBothFormsAgree: the same list as JSON and in parts is the same list.
func TestBothFormsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.MapOfN(rapid.StringMatching(`[A-Z][a-z]{0,3}`), rapid.String(), 1, 4), 1, 12).Draw(t, "rows")
		text, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		var parts []signature.Parameter
		for i, row := range rows {
			for name, value := range row {
				parts = append(parts, signature.Parameter{Name: fmt.Sprintf("List.%d.%s", i+1, name), Value: strings.ToValidUTF8(value, "\ufffd")})
			}
		}
		flat, err := newParams(parts, 100)
		if err != nil {
			t.Fatal(err)
		}
		fromParts, _, err := flat.List("List")
		if err != nil {
			t.Fatal(err)
		}
		fromJSON, err := parseList(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fromParts, fromJSON); diff != "" {
			t.Errorf("(-parts +JSON):\n%s", diff)
		}
	})
}

func TestOfficialName(t *testing.T) {
	for name, want := range map[string]string{
		"GroupId": "GroupId", "groupId": "GroupId", "list.1.participantNumber": "List.1.ParticipantNumber",
		"": "", ".": ".", "é": "é", "a..b": "A..B", "List.1.": "List.1.",
	} {
		if got := officialName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { officialName("List.1.ParticipantNumber") }); n != 0 {
		t.Errorf("a right name costs %.0f allocations", n)
	}
}

// FuzzParams decodes whatever comes, as every call does, and compares with encoding/json where it can.
func FuzzParams(f *testing.F) {
	for _, seed := range []string{
		`List=%5B%7B%22ParticipantNumber%22%3A%228613800000001%22%7D%5D`, `Page=%7B%22Index%22%3A1%2C%22Size%22%3A20%7D`,
		`List.1.ParticipantNumber=1&List.2.ParticipantNumber=2`, `Page.Index=1&page.size=2`, `List=[{"A":1,"a":2}]`, `Page={"Index":1e0}`,
		`List=[null,{"A":null}]`, `List.1.A=1&List.3.A=2`, `List=[{"A":"\ud800"}]`, `List.1=x&List=[]`, `Page=%00`, `List=[{"A":1}]x`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		list, err := signature.DecodeParameters(query)
		if err != nil {
			return
		}
		p, err := newParams(list, 2048)
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(p, func(a, b signature.Parameter) int { return strings.Compare(a.Name, b.Name) }) {
			t.Fatal("not sorted")
		}
		checkDecodedList(t, p)
		checkDecodedObject(t, p)
		if d := p.digest(); len(d) != 64 {
			t.Fatalf("digest %q", d)
		}
	})
}

func checkDecodedList(t *testing.T, p Params) {
	rows, sent, err := p.List("List")
	if err != nil || !sent {
		if len(rows) > 0 {
			t.Fatalf("%d rows with sent %t, error %v", len(rows), sent, err)
		}
		return
	}
	if len(rows) > maxEntries {
		t.Fatalf("%d rows", len(rows))
	}
	for _, o := range rows {
		checkMembers(t, o)
	}
	text := p.Text("List")
	if text == "" {
		return
	}
	var reference []map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&reference); err != nil || len(reference) != len(rows) || !json.Valid([]byte(text)) {
		t.Fatalf("%q: %d rows, encoding/json has %d and says %v", text, len(rows), len(reference), err)
	}
	for i, row := range reference {
		for name, value := range row {
			if value != nil && rows[i].Text(name) != fmt.Sprint(value) {
				t.Fatalf("%q: row %d, %q is %q, want %v", text, i, name, rows[i].Text(name), value)
			}
		}
	}
}

func checkDecodedObject(t *testing.T, p Params) {
	o, sent, err := p.Object("Page")
	if err != nil || !sent {
		return
	}
	checkMembers(t, o)
	if text := p.Text("Page"); text != "" && !json.Valid([]byte(text)) {
		t.Fatalf("%q was taken for JSON", text)
	}
	if n, sent, err := o.Integer("Index"); sent && err == nil {
		if again, _, err := object("N", fmt.Sprint(n)).Integer("N"); err != nil || again != n {
			t.Fatalf("%d is read again as %d, %v", n, again, err)
		}
	}
}

func checkMembers(t *testing.T, o Object) {
	if len(o) > maxMembers {
		t.Fatalf("%d members", len(o))
	}
	for i, m := range o {
		if !utf8.ValidString(m.Value) || i > 0 && o[i-1].Name >= m.Name {
			t.Fatalf("members are %v", o)
		}
		w := Writer{}
		w.document("", func() { w.Text("V", m.Value) })
		var back struct{ V string }
		if err := json.Unmarshal(w.buf, &back); err != nil || back.V != m.Value {
			t.Fatalf("%q is written as %s and read as %q, %v", m.Value, w.buf, back.V, err)
		}
	}
}

// TestWriterEscapes compares with encoding/json and reads XML back.
func TestWriterEscapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(text); err != nil {
			t.Fatal(err)
		}
		var a, b string
		got := appendJSON(nil, text)
		if err := json.Unmarshal(got, &a); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if err := json.Unmarshal(want.Bytes(), &b); err != nil || a != b {
			t.Errorf("%q is written as %s, want %s", text, got, want.Bytes())
		}
	})
}
