package app

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

var writeReference = flag.Bool("write-reference", false, "write docs/reference.md instead of comparing it")

// TestReference keeps the page about operations and codes at what the program does.
func TestReference(t *testing.T) {
	const file = "../../docs/reference.md"
	want := rpc.Reference(products(nil, seals{}))
	if *writeReference {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("docs/reference.md is not what the program does; run: make reference")
	}
}

// TestReferenceIsWhole: every operation and each of its parameters is explained, the codes exist, and what is declined is not served.
func TestReferenceIsWhole(t *testing.T) {
	known := map[string]bool{}
	for _, row := range rpc.ErrorTable() {
		known[row.Code] = true
	}
	for _, p := range products(nil, seals{}) {
		served := map[string]bool{}
		for i := range p.Operations {
			o := &p.Operations[i]
			served[o.Action] = true
			if o.Doc.Summary == "" {
				t.Errorf("%s is not explained", o.Action)
			}
			for _, parameter := range o.Parameters {
				if o.Doc.Parameters[parameter.Name] == "" && p.Shared[parameter.Name] == "" {
					t.Errorf("%s: the parameter %s is not explained", o.Action, parameter.Name)
				}
			}
			for name := range o.Doc.Parameters {
				if !slices.ContainsFunc(o.Parameters, func(q rpc.Parameter) bool { return q.Name == name }) {
					t.Errorf("%s: explains a parameter %s that it does not have", o.Action, name)
				}
			}
			for _, code := range o.Doc.Errors {
				if beginning, _, _ := strings.Cut(code, "."); !known[code] && (p.Name == "cams" || !known[beginning+".%s"]) {
					t.Errorf("%s: names a code %s that nothing answers", o.Action, code)
				}
			}
		}
		for _, d := range p.Declined {
			for _, name := range d.Names {
				if served[name] {
					t.Errorf("%s is declined and served", name)
				}
				served[name] = true
			}
		}
	}
}
