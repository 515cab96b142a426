package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// kill ends the server and its children at once, as a failing machine does. The postmaster is held first, so that it makes
// no new children, nor sees the old ones die.
func (p *process) kill(ctx context.Context) error {
	if err := p.command.Process.Signal(syscall.SIGSTOP); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("hold the postmaster: %w", err)
	}
	children, err := childrenOf(p.pid())
	if err != nil {
		return err
	}
	for _, pid := range append(children, p.pid()) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill process %d: %w", pid, err)
		}
	}
	<-p.ended
	// While one of them still dies, a new server refuses to start on its shared memory.
	return awaitGone(ctx, children)
}

// awaitGone looks again and again: nobody is told of the death of a grandchild.
func awaitGone(ctx context.Context, pids []int) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, pid := range pids {
		for alive(pid) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("wait for the end of process %d: %w", pid, ctx.Err())
			}
		}
	}
	return nil
}

// alive is false for a process that is dead and only waits for somebody to ask how it ended.
func alive(pid int) bool {
	status, err := readStatus(pid)
	return err == nil && status.state != "Z" && status.state != "X"
}

func childrenOf(parent int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var children []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue // not a process
		}
		if status, err := readStatus(pid); err == nil && status.parent == parent {
			children = append(children, pid)
		}
	}
	return children, nil
}

type status struct {
	state  string // one letter, see proc(5)
	parent int
}

// readStatus reads /proc/PID/stat: the fields after the name, which stands in brackets and may hold anything.
func readStatus(pid int) (status, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return status{}, fmt.Errorf("read state of process: %w", err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return status{}, fmt.Errorf("read state of process %d: too short", pid)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return status{}, fmt.Errorf("read parent of process %d: %w", pid, err)
	}
	return status{state: fields[0], parent: parent}, nil
}
