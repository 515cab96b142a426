package app_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The one rule of the house: a package imports only packages on lower floors. These tests read the imports of every Go
// file of the module, so that a breach fails the build and not the reviewer's memory.

const module = "github.com/rollcall-im/rollcall"

// floors says where each package lives. A new package gets its line here, or the test fails.
var floors = map[string]int{
	"internal/group":     0,
	"internal/ram":       0,
	"internal/signature": 0,
	"internal/graph":     0,
	"internal/outbound":  0,
	"internal/pgserver":  0, // for tests and benchmarks only

	"internal/store":     1,
	"internal/simulator": 1,

	"internal/outbox":  2,
	"internal/receipt": 3,
	"internal/gateway": 4,

	"internal/rpc":        5,
	"internal/rpc/cams":   6,
	"internal/rpc/ramapi": 6,
	"internal/rpc/stsapi": 6,

	"internal/console": 7,
	"internal/app":     8,

	"bench": 10, // measures and seeds the parts themselves; nothing imports it
}

// ground is the floor of the programs, of rollcalltest and of everything else that is built from app alone.
const ground = 9

// owners names the one package that may know a library, tests included.
var owners = map[string]string{
	"modernc.org/sqlite":      "internal/store",
	"zombiezen.com/go/sqlite": "internal/store",
	"database/sql":            "internal/store",
	"github.com/jackc/pgx":    "internal/store",
	"html/template":           "internal/console",
}

// source is one Go file as the rule sees it.
type source struct {
	file    string   // path below the module's root, with slashes
	name    string   // the package clause: store, or store_test outside of it
	imports []string // import paths as written
}

func (s source) dir() string  { return path.Dir(s.file) }
func (s source) isTest() bool { return strings.HasSuffix(s.file, "_test.go") }
func (s source) isExternal() bool {
	return s.isTest() && strings.HasSuffix(s.name, "_test")
}

func TestFloors(t *testing.T) {
	t.Parallel()
	sources, err := readSources(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) == 0 {
		t.Fatal("no Go file found: the test looks in the wrong place")
	}
	for _, breach := range breaches(sources) {
		t.Error(breach)
	}
}

// TestFloorsSeesBreaches shows that the rule can fail, for each thing it forbids, and what it lets pass.
func TestFloorsSeesBreaches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		source source
		want   string // "" when the file is right
	}{
		{"a lower floor", source{"internal/gateway/a.go", "gateway", []string{module + "/internal/store"}}, ""},
		{"the standard library", source{"internal/group/a.go", "group", []string{"strings"}}, ""},
		{"a higher floor", source{"internal/store/a.go", "store", []string{module + "/internal/gateway"}},
			"internal/store/a.go: floor 1 imports internal/gateway on floor 4"},
		{"the same floor", source{"internal/group/a.go", "group", []string{module + "/internal/ram"}},
			"internal/group/a.go: floor 0 imports internal/ram on floor 0"},
		{"itself", source{"internal/group/a_test.go", "group", []string{module + "/internal/group"}},
			"internal/group/a_test.go: floor 0 imports internal/group on floor 0"},
		{"itself from an external test", source{"internal/group/a_test.go", "group_test", []string{module + "/internal/group"}}, ""},
		{"a higher floor in a test", source{"internal/store/a_test.go", "store_test", []string{module + "/internal/app"}},
			"internal/store/a_test.go: floor 1 imports internal/app on floor 8"},
		{"a package without a floor", source{"internal/util/a.go", "util", nil},
			"internal/util/a.go: package internal/util has no floor"},
		{"an import without a floor", source{"internal/app/a.go", "app", []string{module + "/internal/util"}},
			"internal/app/a.go: imports internal/util, which has no floor"},
		{"a program from app", source{"cmd/rollcall/main.go", "main", []string{module + "/internal/app"}}, ""},
		{"a program past app", source{"cmd/rollcall/main.go", "main", []string{module + "/internal/store"}},
			"cmd/rollcall/main.go: imports internal/store, but may use only internal/app"},
		{"bench past app", source{"bench/main.go", "main", []string{module + "/internal/store"}}, ""},
		{"bench from app", source{"internal/app/a.go", "app", []string{module + "/bench"}},
			"internal/app/a.go: floor 8 imports bench on floor 10"},
		{"rollcalltest past app", source{"rollcalltest/a.go", "rollcalltest", []string{module + "/internal/simulator"}},
			"rollcalltest/a.go: imports internal/simulator, but may use only internal/app"},
		{"a program's test with rollcalltest", source{"cmd/rollcall/a_test.go", "main", []string{module + "/rollcalltest"}}, ""},
		{"a program with rollcalltest", source{"cmd/rollcall/main.go", "main", []string{module + "/rollcalltest"}},
			"cmd/rollcall/main.go: imports rollcalltest outside a test"},
		{"a database server in the product", source{"internal/app/a.go", "app", []string{module + "/internal/pgserver"}},
			"internal/app/a.go: imports internal/pgserver outside a test"},
		{"a database server in a test", source{"internal/app/a_test.go", "app", []string{module + "/internal/pgserver"}}, ""},
		{"a database server in a program's test", source{"cmd/rollcall/a_test.go", "main", []string{module + "/internal/pgserver"}}, ""},
		{"a database server in a program", source{"cmd/rollcall/main.go", "main", []string{module + "/internal/pgserver"}},
			"cmd/rollcall/main.go: imports internal/pgserver outside a test"},
		{"a database server in bench", source{"bench/a.go", "main", []string{module + "/internal/pgserver"}}, ""},
		{"app from a program", source{"internal/app/a.go", "app", []string{module + "/cmd/rollcall"}},
			"internal/app/a.go: floor 8 imports cmd/rollcall on floor 9"},
		{"a driver at home", source{"internal/store/a.go", "store", []string{"database/sql/driver"}}, ""},
		{"a driver elsewhere", source{"internal/outbox/a_test.go", "outbox", []string{"github.com/jackc/pgx/v5"}},
			"internal/outbox/a_test.go: imports github.com/jackc/pgx/v5, which only internal/store may know"},
		{"a name that only begins alike", source{"internal/outbox/a.go", "outbox", []string{"database/sqlish"}}, ""},
		{"HTML outside the console", source{"internal/app/a.go", "app", []string{"html/template"}},
			"internal/app/a.go: imports html/template, which only internal/console may know"},
		{"testing in a test", source{"internal/group/a_test.go", "group", []string{"testing"}}, ""},
		{"testing in the product", source{"internal/group/a.go", "group", []string{"testing"}},
			"internal/group/a.go: imports testing outside a test"},
		{"testing in rollcalltest", source{"rollcalltest/a.go", "rollcalltest", []string{"testing"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if diff := cmp.Diff(want, breaches([]source{test.source})); diff != "" {
				t.Errorf("breaches (-want +got):\n%s", diff)
			}
		})
	}
}

// breaches returns one line for each breach of the rule, in the order of the files.
func breaches(sources []source) []string {
	var found []string
	for _, s := range sources {
		if _, ok := floorOf(s.dir()); !ok {
			found = append(found, fmt.Sprintf("%s: package %s has no floor", s.file, s.dir()))
			continue
		}
		for _, imported := range s.imports {
			if breach := breach(s, imported); breach != "" {
				found = append(found, s.file+": "+breach)
			}
		}
	}
	return found
}

// breach says what is wrong with one import of a file, or "".
func breach(s source, imported string) string {
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		return breachAmongOurs(s, ours)
	}
	// rollcalltest is made for tests, takes a testing.TB, and never becomes part of the binary.
	if imported == "testing" && !s.isTest() && s.dir() != "rollcalltest" {
		return "imports testing outside a test"
	}
	for library, owner := range owners {
		if within(imported, library) && s.dir() != owner {
			return fmt.Sprintf("imports %s, which only %s may know", imported, owner)
		}
	}
	return ""
}

func breachAmongOurs(s source, ours string) string {
	if s.isExternal() && ours == s.dir() {
		return "" // an external test looks at its package from outside
	}
	mine, _ := floorOf(s.dir())
	theirs, known := floorOf(ours)
	switch {
	case !known:
		return fmt.Sprintf("imports %s, which has no floor", ours)
	case mine == ground && theirs == ground && ours == "rollcalltest" && !s.isTest():
		return "imports rollcalltest outside a test"
	case ours == "internal/pgserver" && !s.isTest() && s.dir() != "bench":
		return "imports internal/pgserver outside a test"
	case ours == "internal/pgserver":
		return ""
	case mine == ground && theirs == ground:
		return ""
	case mine == ground && ours != "internal/app":
		return fmt.Sprintf("imports %s, but may use only internal/app", ours)
	case theirs >= mine:
		return fmt.Sprintf("floor %d imports %s on floor %d", mine, ours, theirs)
	}
	return ""
}

func floorOf(dir string) (int, bool) {
	if within(dir, "cmd") || within(dir, "rollcalltest") {
		return ground, true
	}
	floor, ok := floors[dir]
	return floor, ok
}

// within reports whether an import path or folder is the given one or lies below it.
func within(name, above string) bool {
	return name == above || strings.HasPrefix(name, above+"/")
}

// readSources reads every Go file below root, but not those of other modules, nor what the go tool itself passes over.
func readSources(root string) ([]source, error) {
	var sources []source
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return enter(root, file, entry.Name())
		}
		if path.Ext(file) != ".go" {
			return nil
		}
		s, err := readSource(root, file)
		sources = append(sources, s)
		return err
	})
	return sources, err
}

// enter answers fs.SkipDir for a folder that holds no package of this module.
func enter(root, dir, name string) error {
	if dir == root {
		return nil
	}
	if slices.Contains([]string{"testdata", "vendor", "node_modules"}, name) || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func readSource(root, file string) (source, error) {
	below, err := filepath.Rel(root, file)
	if err != nil {
		return source{}, err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		return source{}, fmt.Errorf("read the imports of %s: %w", below, err)
	}
	s := source{file: filepath.ToSlash(below), name: parsed.Name.Name}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, fmt.Errorf("read the imports of %s: %w", below, err)
		}
		s.imports = append(s.imports, imported)
	}
	return s, nil
}
