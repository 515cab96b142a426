package app

import (
	"context"
	"errors"
	"fmt"
)

// Migrate brings the database of a data directory up to date and tells which version it has then. A server that uses the
// directory has to be stopped before.
func Migrate(ctx context.Context, data Data) (version int64, err error) {
	if !data.Exists() {
		return 0, fmt.Errorf("there is no Rollcall data directory at %s; name the server's with --data-dir", data.Dir)
	}
	l, err := data.takeSoon(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.release()) }()
	s, _, err := data.open(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.SchemaVersion(ctx)
}
