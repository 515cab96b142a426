package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// server is a process that we have started and that answers calls.
type server struct {
	command *exec.Cmd
	address string
	ready   ready
	took    time.Duration // from its start until it was ready
	ended   chan struct{}
}

// ready is what the program says once it answers.
type ready struct {
	Endpoint string `json:"endpoint"`
	Account  string `json:"account_id"`
	Space    string `json:"cust_space_id"`
}

// startTime is how long a server may take to become ready.
const startTime = 2 * time.Minute

// startOwn starts one of the servers that this program is itself. It prints its address.
func startOwn(ctx context.Context, args ...string) (*server, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := newServer(exec.CommandContext(ctx, own, args...)) //nolint:gosec // it is this program
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	go s.await()
	s.address = strings.TrimSpace(line)
	if err != nil {
		return s, fmt.Errorf("%s ended before it was ready: %w", args[0], err)
	}
	return s, s.checkOwner()
}

// startRollcall starts the program on a data folder and waits until it answers.
func startRollcall(ctx context.Context, binary, dir string, more ...string) (*server, error) {
	file := dir + ".ready"
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	args := append([]string{"dev", "--listen", "127.0.0.1:0", "--simulator-listen", "127.0.0.1:0", "--data-dir", dir,
		"--ready-file", file, "--simulator-delay", "0s", "--log-level", "error"}, more...)
	s := newServer(exec.CommandContext(ctx, binary, args...)) //nolint:gosec // the binary is what we were asked to measure
	s.command.Stderr = os.Stderr
	began := time.Now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go s.await()
	text, err := s.awaitFile(file)
	s.took = time.Since(began)
	if err == nil {
		err = json.Unmarshal(text, &s.ready)
	}
	if err != nil {
		return s, err
	}
	s.address = s.ready.Endpoint
	return s, s.checkOwner()
}

func newServer(command *exec.Cmd) *server {
	return &server{command: command, ended: make(chan struct{})}
}

func (s *server) await() {
	_ = s.command.Wait() // how it ended stands in its log
	close(s.ended)
}

// awaitFile reads the ready file once it is there: whole, for it is renamed into its place.
func (s *server) awaitFile(file string) ([]byte, error) {
	deadline := time.After(startTime)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(file); err == nil {
			return text, nil
		}
		select {
		case <-tick.C:
		case <-s.ended:
			return nil, errors.New("the server ended before it was ready; see above")
		case <-deadline:
			return nil, fmt.Errorf("the server did not become ready within %s", startTime)
		}
	}
}

func (s *server) pid() int { return s.command.Process.Pid }

// stop asks the process to end, and makes it when it does not.
func (s *server) stop() {
	_ = s.command.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.command.Process.Signal(syscall.SIGKILL)
		<-s.ended
	}
}

// checkOwner makes sure that it is this process that listens there, and not a stranger from an earlier run.
func (s *server) checkOwner() error {
	owns, err := listens(s.pid(), s.address)
	if err == nil && !owns {
		err = fmt.Errorf("%s does not belong to the process %d that was started to serve it", s.address, s.pid())
	}
	return err
}
