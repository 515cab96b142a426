package app

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// Management changes accounts and channels of a data directory, also while a server uses it: a change holds from the server's
// next request on.
type Management struct {
	*gateway.Gateway
	store *store.Store
}

// Policy is a policy of an account.
type Policy = gateway.Policy

// Explanation is why a call was refused.
type Explanation = gateway.Explanation

// BusinessNumber is a number with what is needed to speak for it.
type BusinessNumber = group.BusinessNumber

// ParseNumber reads a phone number as people write it.
func ParseNumber(text string) (group.Number, error) { return group.ParseNumber(text) }

// Manage opens a data directory for management. create makes it when it is missing; else that is an error, for then its name
// is most likely wrong.
func Manage(ctx context.Context, data Data, create bool) (*Management, error) {
	if !create {
		if err := data.mustExist(ctx); err != nil {
			return nil, err
		}
	}
	if err := data.create(); err != nil {
		return nil, err
	}
	s, err := data.openShared(ctx)
	if err != nil {
		return nil, err
	}
	return &Management{Gateway: gateway.New(gateway.Config{Store: s}), store: s}, nil
}

// Close closes the data directory.
func (m *Management) Close() error { return m.store.Close() }
