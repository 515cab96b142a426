package store

import "context"

// KillConnections ends the connections to the database, except the one that does it, whose last statement is like the pattern. It
// tells how many there were.
func (s *Store) KillConnections(pattern string) (killed int, err error) {
	c, err := connectPostgres(context.Background(), s.postgres.config, "")
	if err != nil {
		return 0, err
	}
	defer c.close()
	e := &errand{sql: `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE $1::text`, params: [][]byte{[]byte(pattern)}}
	if err := c.run(e); err != nil {
		return 0, err
	}
	n, err := e.rows[0].int(0)
	return int(n), err
}
