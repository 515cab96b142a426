package store

import (
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/ram"
)

// InsertRole adds a role.
func (tx *Tx) InsertRole(r *ram.Role) error {
	id, account, err := entityKey(r.ID, r.AccountID)
	if err != nil {
		return err
	}
	return tx.run(`INSERT INTO ram_role (id, account_id, name, description, trust, max_session, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, account, r.Name, r.Description, r.TrustPolicy, int64(r.MaxSessionDuration/time.Second), millis(r.CreatedAt), millis(r.UpdatedAt))
}

// UpdateRole writes what people can change of a role.
func (tx *Tx) UpdateRole(r *ram.Role) error {
	id, account, err := entityKey(r.ID, r.AccountID)
	if err != nil {
		return err
	}
	return tx.must(`UPDATE ram_role SET description = $1, trust = $2, max_session = $3, updated_at = $4 WHERE account_id = $5 AND id = $6`,
		r.Description, r.TrustPolicy, int64(r.MaxSessionDuration/time.Second), millis(r.UpdatedAt), account, id)
}

// DeleteRole forgets a role. Its sessions end with it.
func (tx *Tx) DeleteRole(account, id int64) error {
	return tx.must(`DELETE FROM ram_role WHERE account_id = $1 AND id = $2`, account, id)
}

const selectRole = `SELECT id, account_id, name, description, trust, max_session, created_at, updated_at FROM ram_role `

func scanRole(row scanner) (ram.Role, error) {
	var r ram.Role
	var id, account, session, at, updated int64
	err := row.Scan(&id, &account, &r.Name, &r.Description, &r.TrustPolicy, &session, &at, &updated)
	r.ID, r.AccountID = strconv.FormatInt(id, 10), ram.AccountID(strconv.FormatInt(account, 10))
	r.MaxSessionDuration = time.Duration(session) * time.Second
	r.CreatedAt, r.UpdatedAt = fromMillis(at), fromMillis(updated)
	return r, err
}

// Roles gives the roles of an account by name.
func (tx *Tx) Roles(account int64) ([]ram.Role, error) {
	return all(tx, scanRole, selectRole+`WHERE account_id = $1 ORDER BY name`, account)
}

// Role gives a role by its id.
func (tx *Tx) Role(id int64) (ram.Role, error) {
	return firstOf(all(tx, scanRole, selectRole+`WHERE id = $1`, id))
}

// RoleByName gives a role of an account by name.
func (tx *Tx) RoleByName(account int64, name string) (ram.Role, error) {
	return firstOf(all(tx, scanRole, selectRole+`WHERE account_id = $1 AND name = $2`, account, name))
}
