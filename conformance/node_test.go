package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// node is a client in JavaScript: a process that reads a call from each line and writes its answer as one line.
type node struct {
	script string
	in     io.Writer
	out    *bufio.Reader
	errors *bytes.Buffer // what the process complained about; read only when it has ended
}

// openNode starts a script of npm/. The variant is the script's own word for how it signs and sends.
func openNode(script, variant string) func(*testing.T, target) client {
	return func(t *testing.T, to target) client {
		t.Helper()
		if _, err := os.Stat(filepath.Join("npm", "node_modules")); err != nil {
			t.Fatalf("the clients in JavaScript are not installed; make test installs them, as does (cd conformance/npm && npm ci): %v", err)
		}
		command := exec.Command("node", script)
		command.Dir = "npm"
		in, err := command.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		n := &node{script: script, in: in, out: bufio.NewReader(out), errors: new(bytes.Buffer)}
		command.Stderr = n.errors
		if err := command.Start(); err != nil {
			t.Fatalf("run node, which must be installed (scripts/needs does it on Debian): %v", err)
		}
		t.Cleanup(func() {
			_ = in.Close() // the script ends with its input
			if err := command.Wait(); err != nil {
				t.Errorf("%s: %v\n%s", script, err, n.errors)
			}
		})
		if err := n.write(struct {
			target
			Variant string `json:"variant"`
			Version string `json:"version"`
		}{to, variant, to.version()}); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func (n *node) call(action string, parameters map[string]any) (answer, error) {
	if parameters == nil {
		parameters = map[string]any{}
	}
	if err := n.write(map[string]any{"action": action, "parameters": parameters}); err != nil {
		return answer{}, err
	}
	line, err := n.out.ReadBytes('\n')
	if err != nil {
		return answer{}, fmt.Errorf("read the answer of %s: %w", n.script, err)
	}
	var written struct {
		answer
		Failure string `json:"failure"`
	}
	if err := json.Unmarshal(line, &written); err != nil {
		return answer{}, fmt.Errorf("read the answer of %s: %w", n.script, err)
	}
	if written.Failure != "" {
		return answer{}, errors.New(written.Failure)
	}
	return written.answer, nil
}

func (n *node) write(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if _, err := n.in.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write to %s: %w", n.script, err)
	}
	return nil
}
