package pgserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// Config says what kind of server is wanted.
type Config struct {
	// Dir is made and removed by the caller. When this process is root, it becomes the folder of user postgres, who must be
	// able to reach it. Its path is short, since a socket lies in it.
	Dir string
	// Sync makes every commit durable, as in production. Without it, commits survive Crash, but not a crash of
	// the machine.
	Sync bool
	// Settings are added to those of settings(), or replace them: {"max_connections": "20"}.
	Settings map[string]string
}

// Server is a running PostgreSQL. Its methods may be called from many goroutines.
type Server struct {
	config   Config
	programs string
	owner    owner
	port     int
	names    atomic.Int64

	mutex   sync.Mutex // held while the process is started or ended
	process *process   // nil after Stop
}

// Start makes a cluster in Dir and a server for it on a free port of 127.0.0.1, and returns once it accepts connections.
// Everybody on this machine may connect as user postgres, without a password.
func Start(ctx context.Context, config Config) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	owner, err := findOwner()
	if err != nil {
		return nil, err
	}
	config.Dir, err = filepath.Abs(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("find folder: %w", err)
	}
	s := &Server{config: config, programs: programs, owner: owner}
	if err := s.initialise(ctx); err != nil {
		return nil, err
	}
	if err := s.startSomewhere(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) initialise(ctx context.Context) error {
	if err := s.owner.give(s.config.Dir); err != nil {
		return err
	}
	// Order by bytes, as SQLite does.
	return s.run(ctx, "initdb", "--pgdata="+s.data(), "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync")
}

func (s *Server) data() string { return filepath.Join(s.config.Dir, "data") }

// command is a program as the server's owner, in a folder that this one may read, in plain English, and
// without what the caller's environment says about other servers.
func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, args...) //nolint:gosec // one of those that this package has looked up
	command.Dir = s.config.Dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	command.SysProcAttr = s.owner.attributes()
	return command
}

func (s *Server) run(ctx context.Context, program string, args ...string) error {
	output, err := s.command(ctx, filepath.Join(s.programs, program), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("run %s: %w\n%s", program, err, output)
	}
	return nil
}

// startSomewhere tries another port when somebody else was quicker.
func (s *Server) startSomewhere(ctx context.Context) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for attempt := 1; ; attempt++ {
		port, err := freePort(ctx)
		if err != nil {
			return err
		}
		s.port = port
		err = s.start(ctx)
		if err == nil || !errors.Is(err, errPortTaken) || attempt == 5 {
			return err
		}
	}
}

// start is called with the mutex held.
func (s *Server) start(ctx context.Context) error {
	// The context bounds the start; the server lives on after it.
	command := s.command(context.WithoutCancel(ctx), filepath.Join(s.programs, "postgres"), s.arguments()...)
	process, err := startProcess(ctx, "PostgreSQL", command, "database system is ready to accept connections")
	if err != nil {
		return err
	}
	s.process = process
	return nil
}

// settings are for many small tests on a small machine. Commits are never asynchronous, also without Sync: those would be
// lost by Crash, and no test could tell that from a fault of ours.
func (s *Server) settings() map[string]string {
	settings := map[string]string{
		"port":                    strconv.Itoa(s.port),
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": s.config.Dir,
		"max_connections":         "200",
		"shared_buffers":          "32MB",
		"autovacuum":              "on",
		"fsync":                   "on",
		"logging_collector":       "off", // the log comes to us
		"log_destination":         "stderr",
	}
	if !s.config.Sync {
		settings["fsync"] = "off"
	}
	maps.Copy(settings, s.config.Settings)
	return settings
}

func (s *Server) arguments() []string {
	arguments := []string{"-D", s.data()}
	settings := s.settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		arguments = append(arguments, "-c", name+"="+settings[name])
	}
	return arguments
}

// PID is the postmaster's process, or 0 after Stop.
func (s *Server) PID() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.pid()
}

// PIDs are all processes of the server: who measures its CPU adds them up.
func (s *Server) PIDs() ([]int, error) {
	pid := s.PID()
	if pid == 0 {
		return nil, errStopped
	}
	children, err := childrenOf(pid)
	return append([]int{pid}, children...), err
}

// URL names a database of this server.
func (s *Server) URL(database string) string { return address(s.port, database) }

func address(port int, database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// NewDatabase makes an empty database and returns its URL.
func (s *Server) NewDatabase(ctx context.Context) (string, error) {
	name := fmt.Sprintf("test_%d", s.names.Add(1))
	if err := s.run(ctx, "createdb", append(s.login(), name)...); err != nil {
		return "", fmt.Errorf("make database: %w", err)
	}
	return s.URL(name), nil
}

// DropDatabase deletes a database, given by its URL, and ends the connections to it.
func (s *Server) DropDatabase(ctx context.Context, database string) error {
	u, err := url.Parse(database)
	if err != nil {
		return fmt.Errorf("read database URL: %w", err)
	}
	if err := s.run(ctx, "dropdb", append(s.login(), "--force", u.Path[1:])...); err != nil {
		return fmt.Errorf("drop database: %w", err)
	}
	return nil
}

func (s *Server) login() []string {
	return []string{"--host=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--username=postgres", "--no-password"}
}

var errStopped = errors.New("the PostgreSQL server is stopped")

// Stop ends the server: it ends what runs in it and writes everything down.
func (s *Server) Stop(ctx context.Context) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.process == nil {
		return nil
	}
	if err := s.process.end(ctx, syscall.SIGINT); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	s.process = nil
	return nil
}

// Restart stops the server and starts it again on the same port.
func (s *Server) Restart(ctx context.Context) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.process == nil {
		return errStopped
	}
	if err := s.process.end(ctx, syscall.SIGINT); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	s.process = nil
	return s.start(ctx)
}

// Crash kills all processes of the server and starts it again, whereupon it recovers from its log.
func (s *Server) Crash(ctx context.Context) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.process == nil {
		return errStopped
	}
	if err := s.process.kill(ctx); err != nil {
		return fmt.Errorf("crash PostgreSQL: %w", err)
	}
	s.process = nil
	return s.start(ctx)
}

// Log is the end of what the server has written, for the message of a test that failed.
func (s *Server) Log() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.process == nil {
		return ""
	}
	return s.process.log.String()
}
