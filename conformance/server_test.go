package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
)

// ready is what `rollcall dev` writes into its ready file once it really answers.
type ready struct {
	Endpoint                string `json:"endpoint"`
	Protocol                string `json:"protocol"`
	AccessKeyID             string `json:"access_key_id"`
	AccessKeySecret         string `json:"access_key_secret"`
	ReadonlyAccessKeyID     string `json:"readonly_access_key_id"`
	ReadonlyAccessKeySecret string `json:"readonly_access_key_secret"`
	CustSpaceID             string `json:"cust_space_id"`
	BusinessNumber          string `json:"business_number"`
	SimulatorURL            string `json:"simulator_url"`
}

// server is a running `rollcall dev`.
type server struct {
	ready
	authority []byte // PEM of the authority that clients must trust; nil over plain HTTP
}

// startServer runs the binary on free ports over http or https until the test ends. Then it interrupts it and expects an
// orderly end. More arguments go to the program as they are.
func startServer(t *testing.T, protocol string, more ...string) server {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	readyFile := filepath.Join(dir, "ready.json")
	arguments := []string{
		"dev", "--listen", "127.0.0.1:0", "--simulator-listen", "127.0.0.1:0",
		"--data-dir", filepath.Join(dir, "data"), "--ready-file", readyFile, "--simulator-delay", "20ms",
	}
	var s server
	if protocol == "https" {
		certificate := makeCertificate(t, dir)
		s.authority = certificate.authority
		arguments = append(arguments, "--tls-cert", certificate.certFile, "--tls-key", certificate.keyFile)
	}
	exited := run(t, filepath.Join(dir, "rollcall.log"), program, append(arguments, more...)...)
	s.ready, err = awaitReady(readyFile, exited)
	if err != nil {
		t.Fatalf("start rollcall dev: %v", err)
	}
	if s.Protocol != protocol {
		t.Fatalf("the ready file says protocol %q, want %q", s.Protocol, protocol)
	}
	return s
}

// run starts the program and returns a channel that is closed when it has ended. Its output goes into the test's log if the
// test fails.
func run(t *testing.T, log, program string, arguments ...string) <-chan struct{} {
	t.Helper()
	output, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, arguments...)
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = command.Wait() // ProcessState below says how it ended
	}()
	t.Cleanup(func() {
		stop(t, command, exited)
		_ = output.Close() // the program wrote it, not this process
		if t.Failed() {
			text, err := os.ReadFile(log)
			t.Logf("output of rollcall (%v):\n%s", err, text)
		}
	})
	return exited
}

func stop(t *testing.T, command *exec.Cmd, exited <-chan struct{}) {
	t.Helper()
	_ = command.Process.Signal(os.Interrupt) // fails when it has ended by itself, which the code below tells
	select {
	case <-exited:
		if code := command.ProcessState.ExitCode(); code != 0 {
			t.Errorf("after an interrupt rollcall ended with %s, want exit status 0", command.ProcessState)
		}
	case <-time.After(stopTimeout):
		t.Errorf("rollcall did not stop within %s of an interrupt", stopTimeout)
		_ = command.Process.Kill()
		<-exited
	}
}

// awaitReady reads the ready file once it is there. It is written by rename, so that it is whole when it is seen.
func awaitReady(file string, exited <-chan struct{}) (ready, error) {
	deadline := time.After(startTimeout)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(file)
		if err == nil {
			var r ready
			err = json.Unmarshal(text, &r)
			return r, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return ready{}, err
		}
		select {
		case <-exited:
			return ready{}, errors.New("it ended before it was ready")
		case <-deadline:
			return ready{}, fmt.Errorf("no ready file within %s", startTimeout)
		case <-tick.C:
		}
	}
}
