package rpc

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTreeParameter(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`Content={"a":{"b":[1,"x",null,true]}}`:   `{"a":{"b":[1,"x",null,true]}}`,
		`Content=[{"a":1},{"a":2}]`:               `[{"a":1},{"a":2}]`,
		`Content.text=a&Content.link=b`:           `{"Link":"b","Text":"a"}`,
		`Content= {"a":{"x":1},"b":{"x":1}} `:     ` {"a":{"x":1},"b":{"x":1}} `,
		`Content={"a":{"a":{"a":{"a":{"a":1}}}}}`: `{"a":{"a":{"a":{"a":{"a":1}}}}}`,
	} {
		got, sent, err := paramsOf(t, query).JSON("Content")
		if err != nil || !sent || string(got) != want {
			t.Errorf("%s: %s, sent %t, %v", query, got, sent, err)
		}
	}
	if _, sent, err := paramsOf(t, `Content=`).JSON("Content"); sent || err != nil {
		t.Errorf("empty: sent %t, %v", sent, err)
	}
	for text, want := range map[string]error{
		`"a"`: errNotTree, `1`: errNotTree, `null`: errNotTree, `{`: errNotJSON, `{"a":1}x`: errNotJSON, `{"a":1}{}`: errNotJSON, `]`: errNotJSON,
		`{"a":1,"a":2}`: errRepeated, `{"a":1,"A":2}`: errRepeated, `[{"x":{"a":1,"a":1}}]`: errRepeated, `{"a" 1}`: errNotJSON, `{1:2}`: errNotJSON,
		strings.Repeat("[", 13) + strings.Repeat("]", 13): errTreeDepth, strings.Repeat("[", 100_000): errTreeDepth,
		`[` + strings.Repeat("1,", maxTreeValues) + `1]`: errTreeMany, "[\"\xff\"]": errNotUTF8,
		`["` + strings.Repeat("x", maxTreeBytes) + `"]`: errTreeSize,
	} {
		if err := CheckJSON(text); err != want { //nolint:errorlint // the very same
			t.Errorf("%.40q: %v, want %v", text, err, want)
		}
	}
	if _, _, err := paramsOf(t, `Content={}&Content.text=x`).JSON("Content"); err != errBothForms { //nolint:errorlint // the very same
		t.Errorf("both forms: %v", err)
	}
}

func TestTextsParameter(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		`P=["a","b"]`: {"a", "b"}, `P.2=b&P.1=a`: {"a", "b"}, `P=[]`: {}, `P=`: {}, ``: {},
	} {
		got, _, err := paramsOf(t, query).Texts("P")
		if diff := cmp.Diff(want, append([]string{}, got...)); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", query, err, diff)
		}
	}
	for _, query := range []string{`P=[1]`, `P={}`, `P=x`, `P.2=b`, `P.1=a&P=["a"]`, `P.x=a`, `P.0=a`} {
		if got, _, err := paramsOf(t, query).Texts("P"); err == nil {
			t.Errorf("%s: %q", query, got)
		}
	}
}

// FuzzTree: what is taken is what encoding/json takes, and whatever comes ends soon.
func FuzzTree(f *testing.F) {
	for _, seed := range []string{`{"type":"button","action":{"buttons":[{"reply":{"id":"1"}}]}}`, `[{"name":{"formatted_name":"Ann"}}]`, `{"a":1,"A":2}`, `[[[[`, `"x"`,
		`{"a":[{},[],null,-1.5e3]}`, "{\"\\u0061\":1,\"a\":2}", `{}{}`, ` [] `} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := CheckJSON(text)
		if valid := json.Valid([]byte(text)); err == nil && !valid {
			t.Fatalf("%q is no JSON", text)
		}
		var v any
		if err == nil && json.Unmarshal([]byte(text), &v) != nil {
			t.Fatalf("%q cannot be read", text)
		}
		if err == errNotJSON && json.Valid([]byte(text)) { //nolint:errorlint // the very same
			t.Fatalf("%q is JSON", text)
		}
	})
}
