package store

import "time"

// Attachment says that a user, a group or a role has a policy. One of the three ids says which, the others are 0.
type Attachment struct {
	AccountID  int64
	UserID     int64
	GroupID    int64
	RoleID     int64
	Kind       string // System or Custom, as RAM spells them
	Policy     string
	AttachedAt time.Time // zero where it was not written down
}

// Attach gives a policy to a user, a group or a role; twice is once.
func (tx *Tx) Attach(a Attachment) error {
	return tx.run(`INSERT INTO attachment (account_id, user_id, group_id, role_id, kind, policy, attached_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		a.AccountID, a.UserID, a.GroupID, a.RoleID, a.Kind, a.Policy, millis(a.AttachedAt))
}

// Detach takes a policy away again.
func (tx *Tx) Detach(a Attachment) error {
	return tx.must(`DELETE FROM attachment WHERE account_id = $1 AND user_id = $2 AND group_id = $3 AND role_id = $4 AND kind = $5 AND policy = $6`,
		a.AccountID, a.UserID, a.GroupID, a.RoleID, a.Kind, a.Policy)
}

// Attachments gives the policies of a user.
func (tx *Tx) Attachments(account, user int64) ([]Attachment, error) {
	return tx.AttachedTo(Attachment{AccountID: account, UserID: user})
}

const selectAttachment = `SELECT account_id, user_id, group_id, role_id, kind, policy, attached_at FROM attachment `

func scanAttachment(row scanner) (Attachment, error) {
	var a Attachment
	var at int64
	err := row.Scan(&a.AccountID, &a.UserID, &a.GroupID, &a.RoleID, &a.Kind, &a.Policy, &at)
	a.AttachedAt = fromMillis(at)
	return a, err
}

// AttachedTo gives the policies of the user, group or role that owner names.
func (tx *Tx) AttachedTo(owner Attachment) ([]Attachment, error) {
	return all(tx, scanAttachment, selectAttachment+`WHERE account_id = $1 AND user_id = $2 AND group_id = $3 AND role_id = $4 ORDER BY kind, policy`,
		owner.AccountID, owner.UserID, owner.GroupID, owner.RoleID)
}

// AttachmentsOf gives all that a policy is attached to.
func (tx *Tx) AttachmentsOf(account int64, kind, policy string) ([]Attachment, error) {
	return all(tx, scanAttachment, selectAttachment+`WHERE account_id = $1 AND kind = $2 AND policy = $3 ORDER BY user_id, group_id, role_id`,
		account, kind, policy)
}

// AttachmentCount tells how often a policy is attached.
type AttachmentCount struct {
	Kind, Policy string
	Times        int64
}

// CountAttachments counts for each policy of an account that is attached at all.
func (tx *Tx) CountAttachments(account int64) ([]AttachmentCount, error) {
	return all(tx, func(row scanner) (AttachmentCount, error) {
		var c AttachmentCount
		err := row.Scan(&c.Kind, &c.Policy, &c.Times)
		return c, err
	}, `SELECT kind, policy, count(*) FROM attachment WHERE account_id = $1 GROUP BY kind, policy ORDER BY kind, policy`, account)
}

// EffectivePolicy is a policy that somebody has, as it holds now.
type EffectivePolicy struct {
	Kind, Policy string
	Version      int64  // 0 for a system policy
	Document     string // "" for a system policy
}

// EffectivePolicies gives what the policies of the user, group or role say that owner names.
func (tx *Tx) EffectivePolicies(owner Attachment) ([]EffectivePolicy, error) {
	return all(tx, func(row scanner) (EffectivePolicy, error) {
		var p EffectivePolicy
		err := row.Scan(&p.Kind, &p.Policy, &p.Version, &p.Document)
		return p, err
	}, `SELECT a.kind, a.policy, coalesce(d.version, 0), coalesce(d.document, '') FROM attachment a
		LEFT JOIN policy p ON p.account_id = a.account_id AND p.name = a.policy AND a.kind = 'Custom'
		LEFT JOIN policy_version d ON d.account_id = p.account_id AND d.policy = p.name AND d.version = p.default_version
		WHERE a.account_id = $1 AND a.user_id = $2 AND a.group_id = $3 AND a.role_id = $4 ORDER BY a.kind, a.policy`,
		owner.AccountID, owner.UserID, owner.GroupID, owner.RoleID)
}
