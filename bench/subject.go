package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// subjectNames are what is measured, in the order in which each round takes them.
var subjectNames = []string{"floor", "sqlite-accepted", "sqlite-confirmed"}

// subject is a server process under measurement.
type subject struct {
	name    string
	want    []byte // what every right answer contains
	address string
	process *exec.Cmd
	world   *world
	next    int // the first group that has not been used up
}

// ready is what a server says once it answers.
type ready struct {
	Endpoint    string `json:"endpoint"`
	AccessKeyID string `json:"access_key_id"`
	Secret      string `json:"access_key_secret"`
	Space       string `json:"cust_space_id"`
}

func startSubjects(ctx context.Context, s settings, dir string, w *world) ([]*subject, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	floor := &subject{name: "floor", want: []byte(`"Code":"OK"`), world: w, process: exec.CommandContext(ctx, own, "floor")} //nolint:gosec // it is this program
	subjects := []*subject{floor}
	if err := floor.startFloor(); err != nil {
		return subjects, err
	}
	for _, name := range subjectNames[1:] {
		data := filepath.Join(dir, name)
		if err := copyData(data, w.dir); err != nil {
			return subjects, err
		}
		sub := &subject{name: name, want: []byte(`"Code":"OK"`), world: w}
		more := []string{"--confirm-wait", "30s"}
		if name == "sqlite-accepted" { // what acceptance costs by itself; the work that follows is part of the other
			sub.want = []byte(`"Code":"ChatGroup.OperationPending"`)
			more = []string{"--confirm-wait", "0s", "--hold"}
		}
		subjects = append(subjects, sub)
		if sub.process, sub.address, err = startRollcall(ctx, s.binary, data, more...); err != nil {
			return subjects, fmt.Errorf("start %s: %w", name, err)
		}
	}
	return subjects, nil
}

// copyData copies a data folder; the program insists that nobody else can read its key.
func copyData(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return os.Chmod(filepath.Join(to, "secret.key"), 0o600)
}

func (sub *subject) startFloor() error {
	out, err := sub.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := sub.process.Start(); err != nil {
		return err
	}
	defer func() { go func() { _ = sub.process.Wait() }() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	sub.address = strings.TrimSpace(line)
	return err
}

// startRollcall starts the program on a data folder and waits until it answers.
func startRollcall(ctx context.Context, binary, data string, more ...string) (*exec.Cmd, string, error) {
	cmd, r, err := startReady(ctx, binary, data, more...)
	return cmd, r.Endpoint, err
}

func startReady(ctx context.Context, binary, data string, more ...string) (*exec.Cmd, ready, error) {
	var r ready
	file := data + ".ready"
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, r, err
	}
	args := append([]string{"dev", "--listen", "127.0.0.1:0", "--simulator-listen", "127.0.0.1:0", "--data-dir", data,
		"--ready-file", file, "--simulator-delay", "0s", "--log-level", "error"}, more...)
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // the binary is what we were asked to measure
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, r, err
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(file)
		if err == nil {
			return cmd, r, json.Unmarshal(text, &r)
		}
		select {
		case <-tick.C:
		case <-exited:
			return cmd, r, errors.New("the server ended before it was ready; see above")
		case <-deadline:
			return cmd, r, errors.New("the server did not become ready within a minute")
		}
	}
}

func (sub *subject) stop() { interrupt(sub.process) }

func interrupt(cmd *exec.Cmd) {
	if cmd == nil || cmd.Process == nil {
		return
	}
	_ = cmd.Process.Signal(os.Interrupt)
	deadline := time.Now().Add(20 * time.Second)
	for now := range time.Tick(100 * time.Millisecond) {
		switch {
		case cmd.Process.Signal(syscall.Signal(0)) != nil:
			return
		case now.After(deadline):
			_ = cmd.Process.Kill()
			return
		}
	}
}

// measure makes one round at one number of connections. The requests are signed before the clock starts, and the server is
// idle when it does.
func (sub *subject) measure(ctx context.Context, s settings, round, connections int) (result, error) {
	r := result{subject: sub.name, connections: connections, round: round}
	requests, err := sub.world.sign(sub.address, sub.next, s.cell(connections), s.people)
	if err != nil {
		return r, err
	}
	sub.next += len(requests)
	sub.settle()
	before := cpuTime(sub.process.Process.Pid)
	took, whole, err := fire(ctx, sub.address, connections, requests, sub.want)
	if err != nil {
		return r, err
	}
	r.cpu = (cpuTime(sub.process.Process.Pid) - before) / time.Duration(len(requests))
	r.rate = float64(len(requests)) / whole.Seconds()
	r.p50, r.p99 = percentile(took, 0.5), percentile(took, 0.99)
	return r, nil
}

// settle waits until the server has finished what it does in the background, two minutes at the most.
func (sub *subject) settle() {
	last := cpuTime(sub.process.Process.Pid)
	deadline := time.Now().Add(2 * time.Minute)
	for tick := range time.Tick(200 * time.Millisecond) {
		now := cpuTime(sub.process.Process.Pid)
		if now-last < 20*time.Millisecond || tick.After(deadline) {
			return
		}
		last = now
	}
}

// cpuTime gives the time a process has computed for, in the kernel and outside, 0 where the system does not tell.
func cpuTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}
