package pgserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

// Hold begins a transaction in a session of psql's, runs a query that gives at least one row, and keeps the transaction open with all
// that it has locked until letGo is called. It is for tests that have no driver.
func (s *Server) Hold(ctx context.Context, address, query string) (letGo func() error, err error) {
	session := s.command(ctx, "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", address)
	in, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := session.Start(); err != nil {
		return nil, fmt.Errorf("start psql: %w", err)
	}
	letGo = func() error {
		if err := in.Close(); err != nil {
			return err
		}
		return session.Wait()
	}
	if _, err := io.WriteString(in, "BEGIN;\n"+query+";\n"); err != nil {
		return letGo, fmt.Errorf("speak to psql: %w", err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return letGo, fmt.Errorf("hear psql: %w", err)
	}
	return letGo, nil
}
