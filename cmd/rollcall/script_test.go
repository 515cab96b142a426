package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-im/rollcall/internal/pgserver"
)

// withPostgres stops the PostgreSQL server that the stories share.
type withPostgres struct{ *testing.M }

func (m withPostgres) Run() int { return pgserver.Main(m.M) }

func TestMain(m *testing.M) {
	testscript.Main(withPostgres{m}, map[string]func(){"rollcall": main})
}

// TestScript runs the command as people do; each file in testdata/script is a story.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for _, variable := range os.Environ() {
				if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "ROLLCALL_") || strings.HasPrefix(name, "PG") {
					env.Setenv(name, "")
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "pick": pick, "post": post, "until": until, "taken": taken, "free": free,
			"answers":  answers,
			"database": func(ts *testscript.TestScript, _ bool, args []string) { ts.Setenv(args[0], pgserver.Database(t)) },
		},
	})
}

const patience = 20 * time.Second

// poll tries until done says so.
func poll(ts *testscript.TestScript, what string, done func() bool) {
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("waited in vain for %s", what)
		}
	}
}

// await FILE waits until a file is there.
func await(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	poll(ts, args[0], func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
}

// until REGEXP COMMAND… runs a command until its output matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	poll(ts, strings.Join(args, " "), func() bool {
		return ts.Exec(args[1], args[2:]...) == nil && pattern.MatchString(ts.ReadFile("stdout"))
	})
}

// pick VARIABLE FILE REGEXP takes the first group of the expression out of a file, or out of stdout.
func pick(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if found == nil {
		ts.Fatalf("no %s in %s", args[2], args[1])
	}
	ts.Setenv(args[0], found[1])
}

// post URL NAME=VALUE… posts a JSON object of texts.
func post(ts *testscript.TestScript, neg bool, args []string) {
	object := map[string]string{}
	for _, pair := range args[1:] {
		name, value, _ := strings.Cut(pair, "=")
		object[name] = value
	}
	body, err := json.Marshal(object)
	ts.Check(err)
	res, err := http.Post(args[0], "application/json", strings.NewReader(string(body)))
	ts.Check(err)
	defer res.Body.Close()
	if refused := res.StatusCode >= http.StatusMultipleChoices; refused != neg {
		ts.Fatalf("post %s: %s", args[0], res.Status)
	}
}

// taken VARIABLE puts an address on which something else listens into a variable.
func taken(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// free VARIABLE puts an address on which nothing listens yet into a variable.
func free(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], l.Addr().String())
}

// answers URL waits until a URL answers 200.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	poll(ts, args[0], func() bool {
		res, err := http.Get(args[0])
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}
