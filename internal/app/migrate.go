package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-im/rollcall/internal/store"
)

// Migrate brings the database of a data directory up to date and tells from which version to which. A server that uses the
// directory has to be stopped before.
func Migrate(ctx context.Context, data Data) (from, to int64, err error) {
	if err := data.mustExist(ctx); err != nil {
		return 0, 0, err
	}
	target, err := data.target("")
	if err != nil {
		return 0, 0, err
	}
	if err := data.create(); err != nil {
		return 0, 0, err
	}
	l, err := data.takeSoon(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, l.release()) }()
	if from, to, err = store.Versions(ctx, target); err != nil {
		return 0, 0, fmt.Errorf("read the version of the database: %w", err)
	}
	s, _, err := data.open(ctx, "", nil) // opening brings it up to date
	if err != nil {
		return from, from, err
	}
	return from, to, s.Close()
}
