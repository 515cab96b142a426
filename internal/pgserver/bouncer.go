package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// BouncerConfig says how a PgBouncer lends the server's connections.
type BouncerConfig struct {
	Mode        string // transaction (the default), session or statement
	Connections int    // to the server, for each user and database
	InTurn      bool   // it lends the connection that has rested longest, and not the one that was used last
}

// Bouncer is a PgBouncer before a server. One that lends a connection for one transaction at a time lets two statements of a client
// meet two different sessions, and what belongs to a session (LISTEN, prepared statements, advisory locks) is lost.
type Bouncer struct {
	port    int
	process *process
}

var errNoBouncer = errors.New("PgBouncer is not installed: `make test` as root installs it on Debian, or run `apt-get install pgbouncer`")

// StartBouncer starts a PgBouncer in the server's folder. It must be stopped before the server's folder is removed.
func (s *Server) StartBouncer(ctx context.Context, config BouncerConfig) (*Bouncer, error) {
	if config.Mode == "" {
		config.Mode = "transaction"
	}
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // Debian's place, which is not in everybody's PATH
		if _, err := os.Stat(program); err != nil {
			return nil, errNoBouncer
		}
	}
	for attempt := 1; ; attempt++ {
		b, err := s.startBouncer(ctx, program, config)
		if err == nil || !errors.Is(err, errPortTaken) || attempt == 5 {
			return b, err
		}
	}
}

func (s *Server) startBouncer(ctx context.Context, program string, config BouncerConfig) (*Bouncer, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(s.config.Dir, "pgbouncer-")
	if err != nil {
		return nil, fmt.Errorf("make folder for PgBouncer: %w", err)
	}
	if err := s.owner.give(folder); err != nil {
		return nil, err
	}
	settings, users := filepath.Join(folder, "pgbouncer.ini"), filepath.Join(folder, "users.txt")
	text := strings.Join([]string{
		"[databases]",
		"* = host=127.0.0.1 port=" + strconv.Itoa(s.port),
		"[pgbouncer]",
		"listen_addr = 127.0.0.1",
		"listen_port = " + strconv.Itoa(port),
		"unix_socket_dir =",
		"auth_type = trust",
		"auth_file = " + users,
		"pool_mode = " + config.Mode,
		"max_client_conn = 500",
		"default_pool_size = " + strconv.Itoa(config.Connections),
		"server_round_robin = " + map[bool]string{false: "0", true: "1"}[config.InTurn],
		"",
	}, "\n")
	for path, content := range map[string]string{settings: text, users: `"postgres" ""` + "\n"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil { //nolint:gosec // user postgres reads them, and there is no secret
			return nil, fmt.Errorf("write settings of PgBouncer: %w", err)
		}
	}
	process, err := startProcess(ctx, "PgBouncer", s.command(context.WithoutCancel(ctx), program, settings), "process up")
	if err != nil {
		return nil, err
	}
	return &Bouncer{port, process}, nil
}

// URL gives the URL by which a database of the server is reached through the bouncer.
func (b *Bouncer) URL(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", fmt.Errorf("read database URL: %w", err)
	}
	return address(b.port, strings.TrimPrefix(u.Path, "/")), nil
}

// Stop ends the bouncer and the connections through it.
func (b *Bouncer) Stop(ctx context.Context) error {
	if err := b.process.end(ctx, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop PgBouncer: %w", err)
	}
	return nil
}
