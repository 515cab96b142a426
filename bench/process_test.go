package main

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseUsage(t *testing.T) {
	t.Parallel()
	const stat = "4711 (post) gres (x) S 42 4711 4711 0 -1 4194560 1 2 3 4 150 50 7 3 20 0 1 0 100 200 300"
	got, err := parseUsage(stat)
	want := usage{parent: 42, own: 2 * time.Second, children: 100 * time.Millisecond}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(usage{})); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, broken := range []string{"", "4711 (a) S 42", "4711 (a) S x 1 1 0 -1 1 1 2 3 4 150 50 7 3 20"} {
		if _, err := parseUsage(broken); err == nil {
			t.Errorf("%q was read", broken)
		}
	}
}

func TestParseMachine(t *testing.T) {
	t.Parallel()
	got, err := parseMachine("cpu  100 20 30 9999 888 77 66 5 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
	if want := 1550 * time.Millisecond; got != want || err != nil {
		t.Errorf("%s, want %s: %v", got, want, err)
	}
	if _, err := parseMachine("intr 1 2 3"); err == nil {
		t.Error("another line was read")
	}
}

func TestListeners(t *testing.T) {
	t.Parallel()
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F54 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F54 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 23456 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:1F55 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 34567 1 0000000000000000 100 0 0 10 0
`
	if diff := cmp.Diff([]string{"socket:[12345]"}, listeners(table, 8020)); diff != "" {
		t.Error(diff)
	}
}

// TestListens tells who serves an address from who does not.
func TestListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for pid, want := range map[int]bool{os.Getpid(): true, os.Getppid(): false} {
		if got, err := listens(pid, l.Addr().String()); got != want || err != nil {
			t.Errorf("process %d: %v, want %v: %v", pid, got, want, err)
		}
	}
}

// TestFamilyTime counts what children have computed, those that run and those that have ended.
func TestFamilyTime(t *testing.T) {
	t.Parallel()
	const busy = `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done`
	parent := exec.CommandContext(t.Context(), "sh", "-c", `sh -c '`+busy+`'; echo ended; `+busy+`; echo; read wait`)
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 64)
	if _, err := out.Read(buffer); err != nil {
		t.Fatal(err)
	}
	family, err := familyTime(parent.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	head, err := usageOf(parent.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if family < 2*clockTick || head.children < 2*clockTick || family > head.own+head.children {
		t.Errorf("family %s, head %+v", family, head)
	}
	_ = in.Close()
	_ = parent.Wait()
	if gone, err := usageOf(parent.Process.Pid); gone != (usage{}) || err != nil {
		t.Errorf("of one that has ended: %+v, %v", gone, err)
	}
}

func TestResidentBytes(t *testing.T) {
	t.Parallel()
	if got, err := residentBytes(os.Getpid()); got < 1<<20 || err != nil {
		t.Errorf("%s bytes: %v", strconv.FormatInt(got, 10), err)
	}
}
