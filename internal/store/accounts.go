package store

import (
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
)

// Account is one tenant.
type Account struct {
	ID        int64
	Name      string
	Beta      bool // on the allowlist of the group beta
	CreatedAt time.Time
}

// InsertAccount adds an account; its ID is given by the caller.
func (tx *Tx) InsertAccount(a *Account) error {
	return tx.run(`INSERT INTO account (id, name, beta, created_at) VALUES ($1, $2, $3, $4)`,
		a.ID, a.Name, boolInt(a.Beta), millis(a.CreatedAt))
}

func scanAccount(row scanner) (Account, error) {
	var a Account
	var at int64
	err := row.Scan(&a.ID, &a.Name, &a.Beta, &at)
	a.CreatedAt = fromMillis(at)
	return a, err
}

// Accounts gives every account, oldest first.
func (tx *Tx) Accounts() ([]Account, error) {
	return all(tx, scanAccount, `SELECT id, name, beta, created_at FROM account ORDER BY created_at, id`)
}

// Account gives an account by its id.
func (tx *Tx) Account(id int64) (Account, error) {
	var a Account
	var at int64
	err := tx.one(`SELECT id, name, beta, created_at FROM account WHERE id = $1`, []any{id}, &a.ID, &a.Name, &a.Beta, &at)
	a.CreatedAt = fromMillis(at)
	return a, err
}

// SetBeta puts an account on the allowlist or takes it off.
func (tx *Tx) SetBeta(id int64, on bool) error {
	return tx.must(`UPDATE account SET beta = $1 WHERE id = $2`, boolInt(on), id)
}

// InsertUser adds a RAM user.
func (tx *Tx) InsertUser(u *ram.User) error {
	id, account, err := entityKey(u.ID, u.AccountID)
	if err != nil {
		return err
	}
	return tx.run(`INSERT INTO ram_user (id, account_id, name, display_name, comments, email, mobile_phone, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id, account, u.Name, u.DisplayName, u.Comments, u.Email, u.MobilePhone, millis(u.CreatedAt), millis(u.UpdatedAt))
}

// UpdateUser writes what people can change of a user.
func (tx *Tx) UpdateUser(u *ram.User) error {
	id, account, err := entityKey(u.ID, u.AccountID)
	if err != nil {
		return err
	}
	return tx.must(`UPDATE ram_user SET name = $1, display_name = $2, comments = $3, email = $4, mobile_phone = $5, updated_at = $6
		WHERE account_id = $7 AND id = $8`,
		u.Name, u.DisplayName, u.Comments, u.Email, u.MobilePhone, millis(u.UpdatedAt), account, id)
}

// DeleteUser forgets a user, who has nothing any more.
func (tx *Tx) DeleteUser(account, id int64) error {
	return tx.must(`DELETE FROM ram_user WHERE account_id = $1 AND id = $2`, account, id)
}

const userColumns = `u.id, u.account_id, u.name, u.display_name, u.comments, u.email, u.mobile_phone, u.created_at, u.updated_at`

const selectUser = `SELECT ` + userColumns + ` FROM ram_user u `

func scanUser(row scanner) (ram.User, error) { return scanUserAnd(row) }

// scanUserAnd reads a user, and what else stands in the row.
func scanUserAnd(row scanner, more ...any) (ram.User, error) {
	var u ram.User
	var id, account, at, updated int64
	err := row.Scan(append([]any{&id, &account, &u.Name, &u.DisplayName, &u.Comments, &u.Email, &u.MobilePhone, &at, &updated}, more...)...)
	u.ID, u.AccountID = strconv.FormatInt(id, 10), ram.AccountID(strconv.FormatInt(account, 10))
	u.CreatedAt, u.UpdatedAt = fromMillis(at), fromMillis(updated)
	return u, err
}

// Users gives the users of an account by name.
func (tx *Tx) Users(account int64) ([]ram.User, error) {
	return all(tx, scanUser, selectUser+`WHERE account_id = $1 ORDER BY name`, account)
}

// User gives a user by id.
func (tx *Tx) User(id int64) (ram.User, error) {
	return firstOf(all(tx, scanUser, selectUser+`WHERE id = $1`, id))
}

// UserByName gives a user of an account by name.
func (tx *Tx) UserByName(account int64, name string) (ram.User, error) {
	return firstOf(all(tx, scanUser, selectUser+`WHERE account_id = $1 AND name = $2`, account, name))
}

// AccessKey is a key with its owner. UserID is 0 for a key of the account itself.
type AccessKey struct {
	ID        string
	AccountID int64
	UserID    int64
	Secret    ram.Secret
	Active    bool
	CreatedAt time.Time
}

// InsertAccessKey adds a key; its secret is sealed.
func (tx *Tx) InsertAccessKey(k *AccessKey) error {
	return tx.run(`INSERT INTO access_key (id, account_id, user_id, secret, active, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		k.ID, k.AccountID, k.UserID, tx.sealText("access-key/"+k.ID, string(k.Secret)), boolInt(k.Active), millis(k.CreatedAt))
}

// AccessKey gives a key with its secret.
func (tx *Tx) AccessKey(id string) (AccessKey, error) {
	k := AccessKey{ID: id}
	var sealed []byte
	var at int64
	err := tx.one(`SELECT account_id, user_id, secret, active, created_at FROM access_key WHERE id = $1`, []any{id},
		&k.AccountID, &k.UserID, &sealed, &k.Active, &at)
	if err != nil {
		return k, err
	}
	secret, err := tx.openText("access-key/"+id, sealed)
	k.Secret, k.CreatedAt = ram.Secret(secret), fromMillis(at)
	return k, err
}

// AccessKeys gives the keys of a user, or with user 0 those of the account itself, oldest first and without secrets.
func (tx *Tx) AccessKeys(account, user int64) ([]AccessKey, error) {
	return all(tx, func(row scanner) (AccessKey, error) {
		k := AccessKey{AccountID: account, UserID: user}
		var at int64
		err := row.Scan(&k.ID, &k.Active, &at)
		k.CreatedAt = fromMillis(at)
		return k, err
	}, `SELECT id, active, created_at FROM access_key WHERE account_id = $1 AND user_id = $2 ORDER BY created_at, id`, account, user)
}

// SetAccessKeyActive switches a key on or off.
func (tx *Tx) SetAccessKeyActive(account int64, id string, on bool) error {
	return tx.must(`UPDATE access_key SET active = $1 WHERE account_id = $2 AND id = $3`, boolInt(on), account, id)
}

// DeleteAccessKey forgets a key.
func (tx *Tx) DeleteAccessKey(account int64, id string) error {
	return tx.must(`DELETE FROM access_key WHERE account_id = $1 AND id = $2`, account, id)
}
