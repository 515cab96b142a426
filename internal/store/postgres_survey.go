package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Server is what a PostgreSQL server says of itself and of what its user may do.
type Server struct {
	Address string // hosts and ports
	User    string
	Version string
	Pooler  bool // a pooler stands in between, which gives us connections of our own

	MayCreate bool  // tables may be made
	Foreign   int64 // tables of ours that belong to somebody else, who alone can change them

	Fsync, FullPageWrites, SynchronousCommit string

	Connections int64         // that the server takes beside those of its superuser
	Taken       int64         // of them, by everybody
	Ahead       time.Duration // its clock before ours
}

// askSurvey asks for the fields of Server, in their order from MayCreate on.
const askSurvey = `SELECT has_schema_privilege('public', 'CREATE')::int,
	(SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND NOT pg_has_role(tableowner, 'USAGE')),
	current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
	current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
	(SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
	(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

// Survey looks at the server of a database. An error says why it cannot be worked with.
func Survey(ctx context.Context, address string) (Server, error) {
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		return Server{}, errAddress
	}
	if err := greet(ctx, config); err != nil {
		return Server{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, pgRoundTime)
	defer cancel()
	pg, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return Server{}, explain(config, err)
	}
	defer pg.Close(ctx) //nolint:errcheck // it was only asked
	s := Server{Address: addressOf(config), User: config.User, Version: pg.ParameterStatus("server_version")}
	backend, err := backendOf(ctx, pg)
	if err != nil {
		return s, explain(config, err)
	}
	s.Pooler = backend != strconv.FormatUint(uint64(pg.PID()), 10)
	asked := time.Now()
	row, err := askRow(ctx, pg, askSurvey)
	if err != nil {
		return s, explain(config, err)
	}
	return s, s.read(row, asked.Add(time.Since(asked)/2))
}

func (s *Server) read(row []string, at time.Time) error {
	var mayCreate, clock int64
	var errs []error
	for _, n := range []struct {
		column int
		into   *int64
	}{{0, &mayCreate}, {1, &s.Foreign}, {5, &s.Connections}, {6, &s.Taken}, {7, &clock}} {
		var err error
		if *n.into, err = strconv.ParseInt(row[n.column], 10, 64); err != nil {
			errs = append(errs, fmt.Errorf("read the survey of the database: %w", err))
		}
	}
	s.MayCreate = mayCreate == 1
	s.Fsync, s.FullPageWrites, s.SynchronousCommit = row[2], row[3], row[4]
	s.Ahead = time.UnixMilli(clock).Sub(at)
	return errors.Join(errs...)
}
