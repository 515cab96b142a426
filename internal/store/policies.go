package store

import "time"

// Policy is a custom policy of an account, with the document that holds.
type Policy struct {
	AccountID   int64
	Name        string
	Description string
	Document    string // of the default version
	Default     int64  // the number of the default version; 0 writes the first
	Last        int64  // the number of a version that was given last; 0 writes the default's
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// PutPolicy adds a policy or replaces what it says: everything but when it was made. Other versions than the default stay.
func (tx *Tx) PutPolicy(p *Policy) error {
	number := max(p.Default, 1)
	err := tx.run(`INSERT INTO policy (account_id, name, description, default_version, last_version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (account_id, name) DO UPDATE SET description = excluded.description, default_version = excluded.default_version,
		last_version = excluded.last_version, updated_at = excluded.updated_at`,
		p.AccountID, p.Name, p.Description, number, max(p.Last, number), millis(p.CreatedAt), millis(p.UpdatedAt))
	if err != nil {
		return err
	}
	return tx.PutPolicyVersion(&PolicyVersion{AccountID: p.AccountID, Policy: p.Name, Number: number, Document: p.Document, CreatedAt: p.UpdatedAt})
}

const selectPolicy = `SELECT p.account_id, p.name, p.description, coalesce(d.document, ''), p.default_version, p.last_version, p.created_at,
	p.updated_at FROM policy p LEFT JOIN policy_version d
	ON d.account_id = p.account_id AND d.policy = p.name AND d.version = p.default_version `

func scanPolicy(row scanner) (Policy, error) {
	var p Policy
	var at, updated int64
	err := row.Scan(&p.AccountID, &p.Name, &p.Description, &p.Document, &p.Default, &p.Last, &at, &updated)
	p.CreatedAt, p.UpdatedAt = fromMillis(at), fromMillis(updated)
	return p, err
}

// Policies gives the custom policies of an account by name.
func (tx *Tx) Policies(account int64) ([]Policy, error) {
	return all(tx, scanPolicy, selectPolicy+`WHERE p.account_id = $1 ORDER BY p.name`, account)
}

// Policy gives a custom policy of an account.
func (tx *Tx) Policy(account int64, name string) (Policy, error) {
	return firstOf(all(tx, scanPolicy, selectPolicy+`WHERE p.account_id = $1 AND p.name = $2`, account, name))
}

// DeletePolicy forgets a policy with all its versions.
func (tx *Tx) DeletePolicy(account int64, name string) error {
	if err := tx.run(`DELETE FROM policy_version WHERE account_id = $1 AND policy = $2`, account, name); err != nil {
		return err
	}
	return tx.must(`DELETE FROM policy WHERE account_id = $1 AND name = $2`, account, name)
}

// PolicyVersion is what a policy said, says or may come to say.
type PolicyVersion struct {
	AccountID int64
	Policy    string
	Number    int64 // 1 for v1
	Document  string
	CreatedAt time.Time
}

// PutPolicyVersion adds a version, or replaces the document of one.
func (tx *Tx) PutPolicyVersion(v *PolicyVersion) error {
	return tx.run(`INSERT INTO policy_version (account_id, policy, version, document, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id, policy, version) DO UPDATE SET document = excluded.document`,
		v.AccountID, v.Policy, v.Number, v.Document, millis(v.CreatedAt))
}

// PolicyVersions gives the versions of a policy, oldest first.
func (tx *Tx) PolicyVersions(account int64, policy string) ([]PolicyVersion, error) {
	return all(tx, func(row scanner) (PolicyVersion, error) {
		v := PolicyVersion{AccountID: account, Policy: policy}
		var at int64
		err := row.Scan(&v.Number, &v.Document, &at)
		v.CreatedAt = fromMillis(at)
		return v, err
	}, `SELECT version, document, created_at FROM policy_version WHERE account_id = $1 AND policy = $2 ORDER BY version`, account, policy)
}

// DeletePolicyVersion forgets a version.
func (tx *Tx) DeletePolicyVersion(account int64, policy string, number int64) error {
	return tx.must(`DELETE FROM policy_version WHERE account_id = $1 AND policy = $2 AND version = $3`, account, policy, number)
}

// Generation gives the number that every change of accounts, users, keys, policies and channels raises.
func (tx *Tx) Generation() (int64, error) {
	var v int64
	err := tx.one(`SELECT value FROM generation WHERE id = 1`, nil, &v)
	return v, err
}

// ChannelGeneration gives the generation in which channels, numbers or callbacks have last changed.
func (tx *Tx) ChannelGeneration() (int64, error) {
	var v int64
	err := tx.one(`SELECT channels FROM generation WHERE id = 1`, nil, &v)
	return v, err
}

// Raise raises the generation, so that nobody goes on with what has been cached.
func (tx *Tx) Raise() error {
	return tx.run(`UPDATE generation SET value = value + 1, channels = value + 1 WHERE id = 1`)
}

// RaiseRAM is Raise for a change after which the channels, numbers and callbacks that are cached hold still.
func (tx *Tx) RaiseRAM() error { return tx.run(`UPDATE generation SET value = value + 1 WHERE id = 1`) }
