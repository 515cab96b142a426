package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of processor time in /proc: USER_HZ is 100 on every Linux.
const clockTick = 10 * time.Millisecond

// usage is what a process has computed for.
type usage struct {
	parent   int
	own      time.Duration // in the kernel and outside
	children time.Duration // of children that have ended and were waited for
}

// usageOf reads /proc/PID/stat. A process that has ended has used nothing: what it did counts with its parent.
func usageOf(pid int) (usage, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return usage{}, nil
	}
	if err != nil {
		return usage{}, fmt.Errorf("read processor time: %w", err)
	}
	return parseUsage(string(text))
}

// parseUsage reads the fields behind the name, which stands in brackets and may hold anything.
func parseUsage(stat string) (usage, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 15 {
		return usage{}, fmt.Errorf("read processor time: %d fields are too few", len(fields))
	}
	numbers, err := integers(slices.Concat(fields[1:2], fields[11:15]))
	if err != nil {
		return usage{}, fmt.Errorf("read processor time: %w", err)
	}
	return usage{parent: int(numbers[0]), own: time.Duration(numbers[1]+numbers[2]) * clockTick,
		children: time.Duration(numbers[3]+numbers[4]) * clockTick}, nil
}

func integers(fields []string) ([]int64, error) {
	out := make([]int64, len(fields))
	for i, field := range fields {
		var err error
		if out[i], err = strconv.ParseInt(field, 10, 64); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// familyTime gives what a process and its children, those that have ended too, have computed for.
func familyTime(pid int) (time.Duration, error) {
	head, err := usageOf(pid)
	if err != nil {
		return 0, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	sum := head.own + head.children
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue // no process
		}
		u, err := usageOf(child)
		if err != nil {
			return 0, err
		}
		if u.parent == pid {
			sum += u.own + u.children
		}
	}
	return sum, nil
}

// machineTime gives what all programs of the machine have computed for, and what its host took away. What the kernel does by
// itself is left out: interrupts and its own threads, which carry our traffic and write our data, count with no program.
func machineTime() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("read the machine's processor time: %w", err)
	}
	all, err := parseMachine(string(text))
	if err != nil {
		return 0, err
	}
	kernel, err := kernelTime()
	return all - kernel, err
}

// kernelTime gives what the kernel's threads have computed for, 0 where they are not shown.
func kernelTime() (time.Duration, error) {
	const kthreadd = 2                                             // the parent of them all
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", kthreadd)) // where there is none, it has no name
	if strings.TrimSpace(string(name)) != "kthreadd" {
		return 0, nil
	}
	return familyTime(kthreadd)
}

func parseMachine(stat string) (time.Duration, error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, fmt.Errorf("read the machine's processor time: the first line is %q", line)
	}
	user, nice, system, steal := fields[1], fields[2], fields[3], fields[8]
	numbers, err := integers([]string{user, nice, system, steal})
	if err != nil {
		return 0, fmt.Errorf("read the machine's processor time: %w", err)
	}
	return time.Duration(numbers[0]+numbers[1]+numbers[2]+numbers[3]) * clockTick, nil
}

// residentBytes gives the memory that a process holds.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	_, rest, found := strings.Cut(string(text), "\nVmRSS:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, errors.New("read memory: there is no VmRSS")
	}
	kilobytes, err := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10, err
}

// listens tells whether a process holds the socket that listens on an address.
func listens(pid int, address string) (bool, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return false, err
	}
	var sockets []string
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fmt.Errorf("list sockets: %w", err)
		}
		sockets = append(sockets, listeners(string(text), number)...)
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(files, func(file string) bool {
		target, _ := os.Readlink(file) // one that is closed meanwhile is not it
		return slices.Contains(sockets, target)
	}), nil
}

// listeners gives the sockets of /proc/net/tcp that listen on a port, as /proc/PID/fd names them.
func listeners(table string, port int) []string {
	const listening = "0A"
	var sockets []string
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) > 9 && fields[3] == listening && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
			sockets = append(sockets, "socket:["+fields[9]+"]")
		}
	}
	return sockets
}
