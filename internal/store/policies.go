package store

import "time"

// Policy is a custom policy of an account, as text.
type Policy struct {
	AccountID   int64
	Name        string
	Description string
	Document    string
	CreatedAt   time.Time
}

// PutPolicy adds a policy or replaces its document.
func (tx *Tx) PutPolicy(p *Policy) error {
	return tx.run(`INSERT INTO policy (account_id, name, description, document, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id, name) DO UPDATE SET description = excluded.description, document = excluded.document`,
		p.AccountID, p.Name, p.Description, p.Document, millis(p.CreatedAt))
}

// Policies gives the custom policies of an account by name.
func (tx *Tx) Policies(account int64) ([]Policy, error) {
	return all(tx, func(row scanner) (Policy, error) {
		p := Policy{AccountID: account}
		var at int64
		err := row.Scan(&p.Name, &p.Description, &p.Document, &at)
		p.CreatedAt = fromMillis(at)
		return p, err
	}, `SELECT name, description, document, created_at FROM policy WHERE account_id = $1 ORDER BY name`, account)
}

// Attachment says that a user has a policy.
type Attachment struct {
	AccountID int64
	UserID    int64
	Kind      string // System or Custom, as RAM spells them
	Policy    string
}

// Attach gives a user a policy; twice is once.
func (tx *Tx) Attach(a Attachment) error {
	return tx.run(`INSERT INTO attachment (account_id, user_id, kind, policy) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		a.AccountID, a.UserID, a.Kind, a.Policy)
}

// Detach takes a policy from a user.
func (tx *Tx) Detach(a Attachment) error {
	return tx.must(`DELETE FROM attachment WHERE account_id = $1 AND user_id = $2 AND kind = $3 AND policy = $4`,
		a.AccountID, a.UserID, a.Kind, a.Policy)
}

// Attachments gives the policies of a user.
func (tx *Tx) Attachments(account, user int64) ([]Attachment, error) {
	return all(tx, func(row scanner) (Attachment, error) {
		a := Attachment{AccountID: account, UserID: user}
		err := row.Scan(&a.Kind, &a.Policy)
		return a, err
	}, `SELECT kind, policy FROM attachment WHERE account_id = $1 AND user_id = $2 ORDER BY kind, policy`, account, user)
}

// Generation gives the number that every change of accounts, users, keys, policies and channels raises.
func (tx *Tx) Generation() (int64, error) {
	var v int64
	err := tx.one(`SELECT value FROM generation WHERE id = 1`, nil, &v)
	return v, err
}

// Raise raises the generation, so that nobody goes on with what has been cached.
func (tx *Tx) Raise() error { return tx.run(`UPDATE generation SET value = value + 1 WHERE id = 1`) }
