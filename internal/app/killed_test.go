package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
	"github.com/rollcall-im/rollcall/internal/pgserver"
)

// childEnv makes the test binary be a development server until it is killed or its standard input ends.
const childEnv = "ROLLCALL_TEST_APP_CHILD"

// life says how a server that will be killed is run.
type life struct {
	DataDir     string
	Delay       time.Duration // of the simulated network
	ConfirmWait time.Duration
}

func (l life) config() app.Config {
	return app.Config{Listen: app.Listener{Address: "127.0.0.1:0"}, DataDir: l.DataDir, ConfirmWait: l.ConfirmWait,
		Simulator: &app.Simulator{Address: "127.0.0.1:0", Delay: l.Delay}}
}

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		fmt.Fprintln(os.Stderr, serve(text))
		os.Exit(1)
	}
	code := pgserver.Main(m)
	removeBinary()
	os.Exit(code)
}

// serve tells on the standard output where it serves. It goes when its parent goes, for then its input ends.
func serve(text string) error {
	var l life
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return err
	}
	cfg := l.config()
	cfg.Logger = warnings(os.Stderr)
	p, err := app.Start(context.Background(), cfg)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(p.Ready()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a server in a process of its own.
type process struct {
	*site
	command *exec.Cmd
	once    sync.Once
}

// spawn starts a process and waits until it serves.
func spawn(t *testing.T, l life) *process {
	t.Helper()
	text, err := json.Marshal(l)
	must(t, err)
	p := &process{command: exec.Command(os.Args[0])}
	p.command.Env = append(os.Environ(), childEnv+"="+string(text), "GORACE=halt_on_error=1")
	p.command.Stderr = t.Output()
	_, err = p.command.StdinPipe() // which ends with this process
	must(t, err)
	out, err := p.command.StdoutPipe()
	must(t, err)
	must(t, p.command.Start())
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	must(t, err)
	var ready app.Ready
	must(t, json.Unmarshal(line, &ready))
	p.site = newSite(t, ready)
	return p
}

// kill ends the process as kill -9 does, and returns once it is dead.
func (p *process) kill() {
	p.once.Do(func() {
		_ = p.command.Process.Kill() // it may be dead already
		_ = p.command.Wait()         // says that it was killed
	})
}

// town is a data directory with groups in it, from which many stories can begin.
type town struct {
	dir    string
	groups []chat
	people [][]string // by group
}

// build makes groups of so many phones each.
func build(t *testing.T, groups, phones int) *town {
	t.Helper()
	w := &town{dir: filepath.Join(t.TempDir(), "town")}
	s, stop := run(t, life{DataDir: w.dir, ConfirmWait: patience}.config())
	for i := range groups {
		g := s.newGroup(fmt.Sprintf("Group %d", i))
		people := make([]string, phones)
		for j := range people {
			people[j] = fmt.Sprintf("86139%04d%04d", i, j)
		}
		s.joined(g, people...)
		w.groups, w.people = append(w.groups, g), append(w.people, people)
	}
	stop()
	return w
}

// copied gives a copy of the town's data directory.
func (w *town) copied(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	must(t, os.Mkdir(dir, 0o700))
	files, err := os.ReadDir(w.dir)
	must(t, err)
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(w.dir, f.Name()))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, f.Name()), content, 0o600))
	}
	return dir
}
