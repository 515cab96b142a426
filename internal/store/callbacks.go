package store

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
)

// Callback says where the receipts of a channel go, or of one of its numbers. What nobody has said is empty.
type Callback struct {
	ChannelID int64
	Number    group.Number // 0: for every number of the channel
	AccountID int64
	StatusURL string
	UpURL     string
	HTTP      string // Y or N
	Queue     string // Y or N
	Secret    string // receipts are signed with it; "" does not sign
	ChangedAt time.Time
}

func (c *Callback) label() string {
	return "callback/" + strconv.FormatInt(c.ChannelID, 10) + "/" + c.Number.String()
}

// PutCallback writes the settings in the place of those that there are. The secret is sealed.
func (tx *Tx) PutCallback(c *Callback) error {
	var secret []byte
	if c.Secret != "" {
		secret = tx.sealText(c.label(), c.Secret)
	}
	return tx.run(`INSERT INTO callback (channel_id, number, account_id, status_url, up_url, http, queue, secret, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (channel_id, number) DO UPDATE SET status_url = excluded.status_url,
			up_url = excluded.up_url, http = excluded.http, queue = excluded.queue, secret = excluded.secret, changed_at = excluded.changed_at`,
		c.ChannelID, int64(c.Number), c.AccountID, c.StatusURL, c.UpURL, c.HTTP, c.Queue, secret, millis(c.ChangedAt))
}

const selectCallback = `SELECT channel_id, number, account_id, status_url, up_url, http, queue, secret, changed_at FROM callback `

// Callbacks gives the settings of all channels and numbers.
func (tx *Tx) Callbacks() ([]Callback, error) {
	return all(tx, tx.scanCallback, selectCallback+`ORDER BY channel_id, number`)
}

// Callback gives the settings of a channel, or of one of its numbers. ErrNoRow says that there are none.
func (tx *Tx) Callback(channelID int64, number group.Number) (Callback, error) {
	return firstOf(all(tx, tx.scanCallback, selectCallback+`WHERE channel_id = $1 AND number = $2`, channelID, int64(number)))
}

func (tx *Tx) scanCallback(row scanner) (Callback, error) {
	var c Callback
	var secret []byte
	var at int64
	err := row.Scan(&c.ChannelID, &c.Number, &c.AccountID, &c.StatusURL, &c.UpURL, &c.HTTP, &c.Queue, &secret, &at)
	c.ChangedAt = fromMillis(at)
	if err != nil || len(secret) == 0 {
		return c, err
	}
	if c.Secret, err = tx.openText(c.label(), secret); err != nil {
		return c, fmt.Errorf("open the secret of a callback: %w", err)
	}
	return c, nil
}
