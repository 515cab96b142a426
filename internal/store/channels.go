package store

import (
	"fmt"

	"github.com/rollcall-im/rollcall/internal/group"
)

// InsertChannel adds a channel and fills in its ID.
func (tx *Tx) InsertChannel(c *group.Channel) error {
	c.ID = tx.NewID()
	return tx.run(`INSERT INTO channel (id, account_id, space_id, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
		c.ID, c.AccountID, c.SpaceID, c.Name, millis(c.CreatedAt))
}

const selectChannel = `SELECT id, account_id, space_id, name, created_at FROM channel `

func scanChannel(row scanner) (group.Channel, error) {
	var c group.Channel
	var at int64
	err := row.Scan(&c.ID, &c.AccountID, &c.SpaceID, &c.Name, &at)
	c.CreatedAt = fromMillis(at)
	return c, err
}

// Channels gives every channel, oldest first.
func (tx *Tx) Channels() ([]group.Channel, error) {
	return all(tx, scanChannel, selectChannel+`ORDER BY id`)
}

// InsertNumber adds a business number; its token is sealed.
func (tx *Tx) InsertNumber(n *group.BusinessNumber, createdAt int64) error {
	return tx.run(`INSERT INTO business_number (number, account_id, channel_id, phone_number_id, waba_id, token, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		int64(n.Number), n.AccountID, n.ChannelID, n.PhoneNumberID, n.WABAID, tx.sealText(numberLabel(n.Number), n.Token), createdAt)
}

// SetNumberToken replaces the token of a number.
func (tx *Tx) SetNumberToken(n group.Number, token string) error {
	return tx.must(`UPDATE business_number SET token = $1 WHERE number = $2`, tx.sealText(numberLabel(n), token), int64(n))
}

// Numbers gives every business number with its token.
func (tx *Tx) Numbers() ([]group.BusinessNumber, error) {
	return all(tx, tx.scanNumber, `SELECT n.number, n.account_id, n.channel_id, c.space_id, n.phone_number_id, n.waba_id, n.token
		FROM business_number n JOIN channel c ON c.id = n.channel_id ORDER BY n.number`)
}

func (tx *Tx) scanNumber(row scanner) (group.BusinessNumber, error) {
	var n group.BusinessNumber
	var token []byte
	err := row.Scan(&n.Number, &n.AccountID, &n.ChannelID, &n.SpaceID, &n.PhoneNumberID, &n.WABAID, &token)
	if err != nil {
		return n, err
	}
	if n.Token, err = tx.openText(numberLabel(n.Number), token); err != nil {
		return n, fmt.Errorf("open the token of %s: %w", n.Number.Masked(), err)
	}
	return n, nil
}

func numberLabel(n group.Number) string { return "number/" + n.String() }
