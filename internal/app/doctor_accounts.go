package app

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/store"
)

// accounts looks whether anybody could call: an account that is allowed to, with an access key.
func (e *examination) accounts(ctx context.Context, s *store.Store) {
	var accounts []store.Account
	keys := 0
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		accounts, err = tx.Accounts()
		for _, a := range accounts {
			n, keysErr := activeKeys(tx, a.ID)
			keys, err = keys+n, errors.Join(err, keysErr)
		}
		return err
	})
	switch {
	case err != nil:
		e.add(Fail, "accounts", "%v", err)
		return
	case len(accounts) == 0:
		e.add(Warn, "accounts", "there is none; run: rollcall account create")
		return
	case !slices.ContainsFunc(accounts, func(a store.Account) bool { return a.Beta }):
		e.add(Warn, "accounts", "none is on the allowlist; run: rollcall account allow")
	default:
		e.add(Fine, "accounts", "%d, at least one on the allowlist", len(accounts))
	}
	if keys == 0 {
		e.add(Warn, "access keys", "nobody has one that is active; run: rollcall account key create")
		return
	}
	e.add(Fine, "access keys", "%d active", keys)
}

// activeKeys counts the active access keys of an account and of its users.
func activeKeys(tx *store.Tx, account int64) (n int, err error) {
	users, err := tx.Users(account)
	owners := []int64{0}
	for _, u := range users {
		id, idErr := strconv.ParseInt(u.ID, 10, 64)
		owners, err = append(owners, id), errors.Join(err, idErr)
	}
	for _, owner := range owners {
		keys, keysErr := tx.AccessKeys(account, owner)
		err = errors.Join(err, keysErr)
		n += len(slices.DeleteFunc(keys, func(k store.AccessKey) bool { return !k.Active }))
	}
	return n, err
}
