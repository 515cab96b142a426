package rpc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-im/rollcall/internal/group"
)

// TestRefusalsAreRecorded: a change that was asked for and not begun is in the audit, once, with who, from where and why.
func TestRefusalsAreRecorded(t *testing.T) {
	w := newWorld(t)
	cases := []struct {
		q    request
		code string // recorded, "" for nothing
	}{
		{request{action: "DeleteRefused"}, "ChatGroup.Suspended"},
		{request{action: "DeleteThing"}, "MissingGroupId"},
		{request{action: "DeleteThing", query: "GroupId=1&ClientToken=%20"}, "InvalidClientToken"},
		{request{action: "DeleteThing", query: "GroupId=1", key: readerKey}, "Forbidden.RAM"},
		{request{action: "DeletePanic"}, "InternalError"},
		{request{action: "DeleteThing", query: "GroupId=1"}, ""}, // begun: its own record is the operation
		{request{action: "DeletePending"}, ""},
		{request{action: "DeletePanicLate"}, ""},
		{request{action: "ListRefused"}, ""},
		{request{action: "ListThings"}, ""},
		{request{action: "ListBroken"}, ""},
		{request{action: "DeleteRefused", secret: "x"}, ""}, // nobody is known to have asked
		{request{action: "DeleteRefused", key: "LTAI5tNobody"}, ""},
		{request{action: "DeleteNothing"}, ""},
	}
	for _, c := range cases {
		before := len(w.operations(testAccount))
		a := w.call(c.q)
		now := w.operations(testAccount)
		if c.code == "" {
			if len(now) != before {
				t.Errorf("%s: recorded %+v", c.q.action, now[0])
			}
			continue
		}
		if len(now) != before+1 {
			t.Fatalf("%s: %d records, want one", c.q.action, len(now)-before)
		}
		op := now[0]
		if op.State != group.Refusal || op.Action != c.q.action || op.Code != c.code || op.RequestID != a.RequestID ||
			op.Source != "192.0.2.1" || op.NonceHash == 0 || op.Message == "" || op.Principal == "" || op.AccessKeyID == "" {
			t.Errorf("%s: recorded %+v", c.q.action, op)
		}
		if a.Header().Get("X-Rollcall-Operation-Id") != "" {
			t.Errorf("%s: an operation is named that was never begun", c.q.action)
		}
	}
}

func TestStrangersRefusalIsRecorded(t *testing.T) {
	w := newWorld(t)
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1", key: strangerKey}), 200, "Authentication.NoAuth")
	if n := len(w.operations(testAccount + 1)); n != 1 {
		t.Errorf("%d records in the stranger's audit, want 1", n)
	}
	if n := len(w.operations(testAccount)); n != 0 {
		t.Errorf("%d records in somebody else's audit", n)
	}
}

// TestErrorTable: every kind of refusal has its row, the business layer answers 200 or one of the gateway's statuses, and no
// text is without an end.
func TestErrorTable(t *testing.T) {
	shape := regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(%s)?(\.([A-Z][A-Za-z0-9]*|%s))?$`)
	for kind, row := range errorTable {
		if !shape.MatchString(row.Code) || http.StatusText(row.Status) == "" || !strings.HasSuffix(row.Message, ".") {
			t.Errorf("%s: %+v", kind, row)
		}
	}
	for _, kind := range constantsOf(t, "../group/errors.go") {
		if _, ok := errorTable[group.Code(kind)]; !ok {
			t.Errorf("no row for %q of package group", kind)
		}
	}
	for _, kind := range constantsOf(t, "errors.go") {
		if _, ok := errorTable[group.Code(kind)]; !ok {
			t.Errorf("no row for %q", kind)
		}
	}
	if rows := ErrorTable(); len(rows) < 40 {
		t.Errorf("the reference has %d rows", len(rows))
	}
}

// constantsOf gives the constants of type Code that a file declares.
func constantsOf(t *testing.T, file string) []string {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, d := range tree.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, spec := range decl.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || len(value.Values) == 0 {
				continue
			}
			if literal, ok := value.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, text)
			}
		}
	}
	if len(found) < 10 {
		t.Fatalf("%s has %d constants; this test looks in the wrong place", file, len(found))
	}
	return found
}

// TestUnknownKind: a kind without a row is our mistake and shows nothing.
func TestUnknownKind(t *testing.T) {
	r := replyTo(Answer{}, group.Errorf("no such kind", "a secret"))
	if r.Status != 500 || r.Code != "InternalError" {
		t.Errorf("%+v", r.ErrorRow)
	}
	if strings.Contains(r.Message, "secret") {
		t.Errorf("the answer says %q", r.Message)
	}
}

// TestClientToken: it stands for the business parameters, however they are signed, and only on changes.
func TestClientToken(t *testing.T) {
	w := newWorld(t)
	digest := func(q request) (token, digest any) {
		q.action = "DeleteThing"
		a := w.call(q)
		w.expect(a, 200, "OK")
		return a.Members["Token"], a.Members["Digest"]
	}
	token, first := digest(request{query: "GroupId=1&ClientToken=abc"})
	if token != "abc" || len(first.(string)) != 64 {
		t.Errorf("token %v, digest %v", token, first)
	}
	for query, same := range map[string]bool{
		"ClientToken=abc&GroupId=1": true, "groupId=1&ClientToken=other": true, "GroupId=1&ClientToken=a&RegionId=x&Format=JSON": true,
		"GroupId=2&ClientToken=abc": false, "GroupId=1&A=&ClientToken=abc": false, "GroupId=1&GroupI=d1&ClientToken=abc": false,
	} {
		if _, got := digest(request{query: query, scheme: 3}); (got == first) != same {
			t.Errorf("%q: same digest is %t, want %t", query, got == first, same)
		}
	}
	if token, none := digest(request{query: "GroupId=1"}); token != "" || none != "" {
		t.Errorf("without a token: %v, %v", token, none)
	}
	for _, bad := range []string{strings.Repeat("x", 65), "a%20b", "%C3%A9", "a%0Ab"} {
		w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1&ClientToken=" + bad}), 400, "InvalidClientToken")
	}
	w.expect(w.call(request{action: "DeleteThing", query: "GroupId=1&ClientToken=" + strings.Repeat("x", 64)}), 200, "OK")
	w.expect(w.call(request{action: "ListSilently", query: "ClientToken=a%20b"}), 200, "OK")
}

// TestDigestTellsListsApart: no two lists of parameters can be shifted into one another.
func TestDigestTellsListsApart(t *testing.T) {
	a := Params{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}
	b := Params{{Name: "A", Value: "1B2"}}
	c := Params{{Name: "A1", Value: ""}, {Name: "B", Value: "2"}}
	if diff := cmp.Diff(3, len(map[string]bool{a.digest(): true, b.digest(): true, c.digest(): true})); diff != "" {
		t.Error("two lists have the same digest")
	}
}
