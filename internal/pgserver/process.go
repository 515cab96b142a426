package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

// process is one run of a server, PostgreSQL's or PgBouncer's.
type process struct {
	name    string
	command *exec.Cmd
	log     *logTail
	ended   chan struct{} // closed once it has ended and was waited for
}

// errPortTaken says that another program listens there.
var errPortTaken = errors.New("the port is taken")

// startProcess returns when the server accepts connections, which it writes into its log as ready says.
func startProcess(ctx context.Context, name string, command *exec.Cmd, ready string) (*process, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	command.Stdout, command.Stderr = writer, writer
	err = command.Start()
	_ = writer.Close() // the server has its own
	if err != nil {
		reader.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, command: command, log: newLogTail(ready), ended: make(chan struct{})}
	go p.log.read(reader)
	go func() {
		_ = command.Wait() // how it ended is known to who ended it, or stands in the log
		close(p.ended)
	}()
	return p, p.awaitReady(ctx)
}

func (p *process) awaitReady(ctx context.Context) error {
	select {
	case <-p.log.ready:
		return nil
	case <-p.ended:
		<-p.log.finished
		if strings.Contains(p.log.String(), "Address already in use") {
			return fmt.Errorf("start %s: %w", p.name, errPortTaken)
		}
		return fmt.Errorf("start %s: it ended at once and wrote:\n%s", p.name, p.log)
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("start %s: %w; it wrote:\n%s", p.name, ctx.Err(), p.log), p.kill(context.WithoutCancel(ctx)))
	}
}

func (p *process) pid() int { return p.command.Process.Pid }

// end sends the signal and waits. A server that does not end in time is killed, so that it does not outlive its test.
func (p *process) end(ctx context.Context, signal syscall.Signal) error {
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s: %w", signal, err)
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%w; it wrote:\n%s", ctx.Err(), p.log), p.kill(context.WithoutCancel(ctx)))
	}
}

// logTail keeps the last lines of a server's log, and sees when it is ready.
type logTail struct {
	sign     string // what is in the line that says so
	ready    chan struct{}
	finished chan struct{} // closed when no process of the server can write any more

	mutex sync.Mutex
	lines []string
}

// keptLines is enough for what went wrong and what went before it.
const keptLines = 200

func newLogTail(sign string) *logTail {
	return &logTail{sign: sign, ready: make(chan struct{}), finished: make(chan struct{})}
}

func (l *logTail) read(file *os.File) {
	defer close(l.finished)
	defer file.Close()
	ready := false
	lines := bufio.NewReader(file) // no Scanner: a line of the log may be as long as a statement
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimSuffix(line, "\n")
		l.add(line)
		if !ready && strings.Contains(line, l.sign) {
			ready = true
			close(l.ready)
		}
		if err != nil {
			return
		}
	}
}

func (l *logTail) add(line string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.lines) == keptLines {
		l.lines = l.lines[1:]
	}
	l.lines = append(l.lines, line)
}

func (l *logTail) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Join(l.lines, "\n")
}
