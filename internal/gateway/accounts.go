package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// operator is whom the audit log names for what is done on the server's own command line, where no key is used.
const operator = "operator"

// Account is one tenant.
type Account struct {
	ID        ram.AccountID
	Name      string
	Beta      bool // on the allowlist of the group beta
	CreatedAt time.Time
}

// manage runs one change of accounts or channels in its transaction: with an audit record, and so that the change holds from the next
// request on. fn may say in op.Result what the change was about.
func (g *Gateway) manage(ctx context.Context, account, action string, fn func(tx *store.Tx, op *group.Operation) error) error {
	id, err := parseAccount(account)
	if err != nil {
		return err
	}
	_, err = g.keep(ctx, group.Operation{AccountID: id, Action: action, Principal: operator}, forgetAll, fn)
	return err
}

// keep runs a change of accounts in its transaction and gives the key of its operation.
func (g *Gateway) keep(ctx context.Context, begun group.Operation, forget func(*store.Tx) error, fn func(tx *store.Tx, op *group.Operation) error) (operation int64, err error) {
	err = g.store.Write(ctx, func(tx *store.Tx) error {
		holdAccount(tx, begun.AccountID)
		op := begun
		op.Kind, op.State, op.At = group.KindAccount, group.Done, g.now()
		op.DoneAt = op.At
		if err := fn(tx, &op); err != nil {
			return err
		}
		if err := tx.InsertOperation(&op); err != nil {
			return fmt.Errorf("record %s: %w", op.Action, err)
		}
		operation = op.ID
		return forget(tx)
	})
	return operation, err
}

// manageExisting is manage for an account that has to be there.
func (g *Gateway) manageExisting(ctx context.Context, account, action string, fn func(tx *store.Tx, op *group.Operation) error) error {
	return g.manage(ctx, account, action, func(tx *store.Tx, op *group.Operation) error {
		if err := accountExists(tx, op.AccountID); err != nil {
			return err
		}
		return fn(tx, op)
	})
}

// look runs fn on an account that has to be there.
func (g *Gateway) look(ctx context.Context, account string, fn func(tx *store.Tx, account int64) error) error {
	id, err := parseAccount(account)
	if err != nil {
		return err
	}
	return g.store.Snapshot(ctx, func(tx *store.Tx) error {
		if err := accountExists(tx, id); err != nil {
			return err
		}
		return fn(tx, id)
	})
}

func parseAccount(text string) (int64, error) {
	id, err := ram.ParseAccountID(text)
	if err == nil && id[0] == '0' {
		err = &ram.Error{Code: "InvalidParameter.AccountId", Message: "An account id does not begin with 0."}
	}
	if err != nil {
		return 0, err
	}
	return accountKey(id)
}

func accountExists(tx *store.Tx, id int64) error {
	_, err := tx.Account(id)
	if errors.Is(err, store.ErrNoRow) {
		return &ram.Error{Code: "EntityNotExist.Account", Message: fmt.Sprintf("There is no account %d; create it first.", id)}
	}
	return err
}

// CreateAccount adds an account. Its id is 16 digits; an empty one is drawn. Refusals: InvalidParameter.AccountId,
// InvalidParameter.AccountName.Length, EntityAlreadyExists.Account.
func (g *Gateway) CreateAccount(ctx context.Context, id, name string) (Account, error) {
	if id == "" {
		drawn, err := ram.GenerateAccountID(rand.Reader)
		if err != nil {
			return Account{}, err
		}
		id = string(drawn)
	}
	if err := ram.Comments.For("AccountName").Check(name); err != nil {
		return Account{}, err
	}
	a := Account{ID: ram.AccountID(id), Name: name, CreatedAt: g.now()}
	err := g.manage(ctx, id, "account create", func(tx *store.Tx, op *group.Operation) error {
		_, err := tx.Account(op.AccountID)
		if err == nil {
			return &ram.Error{Code: "EntityAlreadyExists.Account", Message: "There is already an account " + id + "; give another id or none."}
		}
		if !errors.Is(err, store.ErrNoRow) {
			return err
		}
		op.Result = name
		return tx.InsertAccount(&store.Account{ID: op.AccountID, Name: name, CreatedAt: a.CreatedAt})
	})
	return a, err
}

// Accounts gives every account, oldest first.
func (g *Gateway) Accounts(ctx context.Context) ([]Account, error) {
	var out []Account
	err := g.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Accounts()
		out = nil
		for _, a := range rows {
			out = append(out, Account{ID: ram.AccountID(FormatID(a.ID)), Name: a.Name, Beta: a.Beta, CreatedAt: a.CreatedAt})
		}
		return err
	})
	return out, err
}

// SetBeta puts an account on the allowlist of the group beta, or takes it off. Refusals: EntityNotExist.Account.
func (g *Gateway) SetBeta(ctx context.Context, account string, on bool) error {
	action := "account withdraw"
	if on {
		action = "account allow"
	}
	return g.manageExisting(ctx, account, action, func(tx *store.Tx, op *group.Operation) error {
		return tx.SetBeta(op.AccountID, on)
	})
}
