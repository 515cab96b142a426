package app_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// binary is the program as it is shipped, built once for all tests, with the race detector when the tests have it.
var binary struct {
	once sync.Once
	dir  string
	err  error
}

func builtBinary(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "rollcall-binary-"); binary.err != nil {
			return
		}
		args := []string{"build", "-buildvcs=false", "-o", binary.dir}
		if raceDetector {
			args = append(args, "-race")
		}
		output, err := exec.Command("go", append(args, "../../cmd/rollcall")...).CombinedOutput()
		if err != nil {
			binary.err = fmt.Errorf("build the program: %w\n%s", err, output)
		}
	})
	must(t, binary.err)
	return filepath.Join(binary.dir, "rollcall")
}

// removeBinary is called when all tests have ended.
func removeBinary() { _ = os.RemoveAll(binary.dir) } // nothing is lost with what stays

// node is one server of several, in a process of its own that can be killed, held and started again. It may have another
// address each time.
type node struct {
	t      *testing.T
	index  int
	args   []string
	logs   string
	client *site // knows everything but the node's address

	mu      sync.Mutex
	running *lifetime
	address atomic.Pointer[string] // "" while it is down
	lives   int
}

// lifetime is one life of a node.
type lifetime struct {
	command  *exec.Cmd
	ended    chan struct{}
	expected atomic.Bool // somebody meant it to end
}

var servingAt = regexp.MustCompile(`msg=serving address=(\S+)`)

// start starts the node and waits until it serves.
func (n *node) start() {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lives++
	file, err := os.Create(fmt.Sprintf("%s.%d", n.logs, n.lives))
	must(n.t, err)
	defer file.Close()
	command := exec.Command(n.args[0], n.args[1:]...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(), "GORACE=halt_on_error=1"}
	command.SysProcAttr = dieWithParent()
	command.Stderr = file
	// It says where it serves in its log.
	life := &lifetime{command: command, ended: make(chan struct{})}
	must(n.t, command.Start())
	go func() {
		_ = command.Wait() // that it ended is what counts
		close(life.ended)
	}()
	n.running = life
	address := n.awaitServing(file.Name(), life)
	n.address.Store(&address)
	go n.watch(life)
}

// awaitServing reads the log until it tells the address.
func (n *node) awaitServing(log string, life *lifetime) string {
	n.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(3 * patience); ; {
		text, err := os.ReadFile(log)
		must(n.t, err)
		if found := servingAt.FindSubmatch(text); found != nil {
			return string(found[1])
		}
		select {
		case <-tick.C:
		case <-life.ended:
			n.t.Fatalf("node %d ended at once:\n%s", n.index, text)
		case <-limit:
			n.t.Fatalf("node %d does not serve:\n%s", n.index, text)
		}
	}
}

// watch fails the test when the node ends by itself.
func (n *node) watch(life *lifetime) {
	<-life.ended
	if !life.expected.Load() {
		none := ""
		n.address.Store(&none)
		n.t.Errorf("node %d ended by itself: %v\n%s", n.index, life.command.ProcessState, n.complaints())
	}
}

func (n *node) signal(s syscall.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running != nil {
		_ = n.running.command.Process.Signal(s) // it may have ended by itself, which watch tells
	}
}

// hold stops the node as a machine does that hangs; resume lets it go on as if nothing had been.
func (n *node) hold()   { n.signal(syscall.SIGSTOP) }
func (n *node) resume() { n.signal(syscall.SIGCONT) }

// kill ends the node as kill -9 does, and returns once it is dead.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running == nil {
		return
	}
	none := ""
	n.address.Store(&none)
	n.running.expected.Store(true)
	_ = n.running.command.Process.Kill() // it may have ended by itself
	<-n.running.ended
	n.running = nil
}

// at gives where the node serves now.
func (n *node) at() (address string, up bool) {
	p := n.address.Load()
	if p == nil || *p == "" {
		return "", false
	}
	return *p, true
}

// complaints gives what the node has logged that is worse than usual, in all its lives.
func (n *node) complaints() string {
	var bad strings.Builder
	for life := 1; life <= n.lives; life++ {
		text, err := os.ReadFile(fmt.Sprintf("%s.%d", n.logs, life))
		if err != nil {
			fmt.Fprintln(&bad, err)
			continue
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			if !strings.Contains(lines.Text(), "level=INFO") {
				fmt.Fprintf(&bad, "%d.%d %s\n", n.index, life, lines.Text())
			}
		}
	}
	return bad.String()
}

// site gives a site that asks this node at its address of now.
func (n *node) site() (s *site, up bool) {
	address, up := n.at()
	there := *n.client
	there.ready.Endpoint = address
	return &there, up
}

// mustSite is for tests that know the node to be up.
func (n *node) mustSite() *site {
	n.t.Helper()
	s, up := n.site()
	if !up {
		n.t.Fatalf("node %d is down", n.index)
	}
	return s
}

// serveArgs is the command line of a node.
func serveArgs(t *testing.T, dataDir string, more ...string) []string {
	t.Helper()
	return append([]string{builtBinary(t), "serve", "--listen", "127.0.0.1:0", "--data-dir", dataDir}, more...)
}
