package store

import (
	"fmt"

	"github.com/rollcall-im/rollcall/internal/group"
)

const channelColumns = `id, account_id, space_id, name, created_at, description, contact_mail, country_id, facebook_bm_id, isv_terms,
	office_address, resource_group_id, waba_id, waba_name, waba_currency, waba_review_status, waba_namespace, waba_business_id,
	waba_business_name, waba_read_at`

// InsertChannel adds a channel and fills in its ID.
func (tx *Tx) InsertChannel(c *group.Channel) error {
	c.ID = tx.NewID()
	p, w := &c.Profile, &c.WABA
	return tx.run(`INSERT INTO channel (`+channelColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		c.ID, c.AccountID, c.SpaceID, c.Name, millis(c.CreatedAt), p.Description, p.ContactMail, p.CountryID, p.FacebookBMID, p.ISVTerms,
		p.OfficeAddress, p.ResourceGroupID, w.ID, w.Name, w.Currency, w.ReviewStatus, w.TemplateNamespace, w.BusinessID,
		w.BusinessName, millis(w.ReadAt))
}

// UpdateChannel writes what can change of a channel: its name, its profile and its business account.
func (tx *Tx) UpdateChannel(c *group.Channel) error {
	p, w := &c.Profile, &c.WABA
	return tx.must(`UPDATE channel SET name = $1, description = $2, contact_mail = $3, country_id = $4, facebook_bm_id = $5,
		isv_terms = $6, office_address = $7, resource_group_id = $8, waba_id = $9, waba_name = $10, waba_currency = $11,
		waba_review_status = $12, waba_namespace = $13, waba_business_id = $14, waba_business_name = $15, waba_read_at = $16
		WHERE id = $17`,
		c.Name, p.Description, p.ContactMail, p.CountryID, p.FacebookBMID, p.ISVTerms, p.OfficeAddress, p.ResourceGroupID, w.ID, w.Name,
		w.Currency, w.ReviewStatus, w.TemplateNamespace, w.BusinessID, w.BusinessName, millis(w.ReadAt), c.ID)
}

// DeleteChannel forgets a channel, its numbers with their tokens, and its callbacks. Whoever calls it holds the channel.
func (tx *Tx) DeleteChannel(id int64) error {
	for _, gone := range [...]string{`DELETE FROM callback WHERE channel_id = $1`, `DELETE FROM business_number WHERE channel_id = $1`} {
		if err := tx.run(gone, id); err != nil {
			return err
		}
	}
	return tx.must(`DELETE FROM channel WHERE id = $1`, id)
}

func scanChannel(row scanner) (group.Channel, error) {
	var c group.Channel
	var at, read int64
	p, w := &c.Profile, &c.WABA
	err := row.Scan(&c.ID, &c.AccountID, &c.SpaceID, &c.Name, &at, &p.Description, &p.ContactMail, &p.CountryID, &p.FacebookBMID, &p.ISVTerms,
		&p.OfficeAddress, &p.ResourceGroupID, &w.ID, &w.Name, &w.Currency, &w.ReviewStatus, &w.TemplateNamespace, &w.BusinessID,
		&w.BusinessName, &read)
	c.CreatedAt, w.ReadAt = fromMillis(at), fromMillis(read)
	return c, err
}

// Channels gives every channel, oldest first.
func (tx *Tx) Channels() ([]group.Channel, error) {
	return all(tx, scanChannel, `SELECT `+channelColumns+` FROM channel ORDER BY id`)
}

// ChannelsOf gives the channels of an account, newest first.
func (tx *Tx) ChannelsOf(account int64) ([]group.Channel, error) {
	return all(tx, scanChannel, `SELECT `+channelColumns+` FROM channel WHERE account_id = $1 ORDER BY id DESC`, account)
}

// CountChannels counts the channels of an account.
func (tx *Tx) CountChannels(account int64) (n int, err error) {
	err = tx.one(`SELECT count(*) FROM channel WHERE account_id = $1`, []any{account}, &n)
	return n, err
}

// ChannelBySpace gives a channel by its CustSpaceId.
func (tx *Tx) ChannelBySpace(spaceID string) (group.Channel, error) {
	return firstOf(all(tx, scanChannel, `SELECT `+channelColumns+` FROM channel WHERE space_id = $1`, spaceID))
}

// ChannelByWABA gives the channel that is bound to a business account, of several rather one of the given account, and the oldest.
func (tx *Tx) ChannelByWABA(wabaID string, account int64) (group.Channel, error) {
	return firstOf(all(tx, scanChannel, `SELECT `+channelColumns+` FROM channel WHERE waba_id = $1 AND waba_id <> ''
		ORDER BY CASE WHEN account_id = $2 THEN 0 ELSE 1 END, id LIMIT 1`, wabaID, account))
}

// HoldLists keeps groups from being added to the lists of a channel's numbers.
func (tx *Tx) HoldLists(channelID int64, numbers []group.BusinessNumber) {
	for i := range numbers {
		tx.holdList(&group.Group{SpaceID: channelID, Number: numbers[i].Number})
	}
}

// HasGroups tells whether a channel has groups that the network has or may have.
func (tx *Tx) HasGroups(channelID int64) (bool, error) {
	var n int
	err := tx.one(`SELECT count(*) FROM group_list l JOIN group_block b ON b.list_id = l.id
		WHERE l.channel_id = $1 AND b.level = $2 AND b.status <> $3 AND b.status <> $4 AND b.living > 0`,
		[]any{channelID, int64(wholeList), int64(anyStatus), int64(group.Inactive)}, &n)
	return n > 0, err
}

const numberColumns = `number, account_id, channel_id, phone_number_id, waba_id, token, created_at, verified_name, status, quality,
	messaging_tier, code_verification, name_status, new_name_status, official, read_at`

// InsertNumber adds a business number; its token is sealed.
func (tx *Tx) InsertNumber(n *group.BusinessNumber, createdAt int64) error {
	s := &n.Standing
	return tx.run(`INSERT INTO business_number (`+numberColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		int64(n.Number), n.AccountID, n.ChannelID, n.PhoneNumberID, n.WABAID, tx.sealText(numberLabel(n.Number), n.Token), createdAt,
		s.VerifiedName, s.Status, s.Quality, s.MessagingTier, s.CodeVerification, s.NameStatus, s.NewNameStatus, boolInt(s.Official),
		millis(s.ReadAt))
}

// SetNumberToken replaces the token of a number.
func (tx *Tx) SetNumberToken(n group.Number, token string) error {
	return tx.must(`UPDATE business_number SET token = $1 WHERE number = $2`, tx.sealText(numberLabel(n), token), int64(n))
}

// SetStanding notes how a number stands, if it is still there.
func (tx *Tx) SetStanding(n group.Number, s *group.Standing) error {
	return tx.run(`UPDATE business_number SET verified_name = $1, status = $2, quality = $3, messaging_tier = $4, code_verification = $5,
		name_status = $6, new_name_status = $7, official = $8, read_at = $9 WHERE number = $10`,
		s.VerifiedName, s.Status, s.Quality, s.MessagingTier, s.CodeVerification, s.NameStatus, s.NewNameStatus, boolInt(s.Official),
		millis(s.ReadAt), int64(n))
}

// IsBound tells whether a number belongs to a channel still.
func (tx *Tx) IsBound(n group.Number, channelID int64) (bool, error) {
	var found int
	err := tx.one(`SELECT count(*) FROM business_number WHERE number = $1 AND channel_id = $2`, []any{int64(n), channelID}, &found)
	return found > 0, err
}

const selectNumber = `SELECT n.number, n.account_id, n.channel_id, c.space_id, n.phone_number_id, n.waba_id, n.token, n.verified_name, n.status,
	n.quality, n.messaging_tier, n.code_verification, n.name_status, n.new_name_status, n.official, n.read_at
	FROM business_number n JOIN channel c ON c.id = n.channel_id `

// Numbers gives every business number with its token.
func (tx *Tx) Numbers() ([]group.BusinessNumber, error) {
	return all(tx, tx.scanNumber, selectNumber+`ORDER BY n.number`)
}

// NumbersOf gives the business numbers of a channel with their tokens.
func (tx *Tx) NumbersOf(channelID int64) ([]group.BusinessNumber, error) {
	return all(tx, tx.scanNumber, selectNumber+`WHERE n.channel_id = $1 ORDER BY n.number`, channelID)
}

// NumbersLike gives the business numbers, at most two, that have this number or this phone-number id, with their tokens.
func (tx *Tx) NumbersLike(n group.Number, phoneNumberID string) ([]group.BusinessNumber, error) {
	return all(tx, tx.scanNumber, selectNumber+`WHERE n.number = $1 OR n.phone_number_id = $2 ORDER BY n.number`, int64(n), phoneNumberID)
}

func (tx *Tx) scanNumber(row scanner) (group.BusinessNumber, error) {
	var n group.BusinessNumber
	var token []byte
	var read int64
	s := &n.Standing
	err := row.Scan(&n.Number, &n.AccountID, &n.ChannelID, &n.SpaceID, &n.PhoneNumberID, &n.WABAID, &token, &s.VerifiedName, &s.Status,
		&s.Quality, &s.MessagingTier, &s.CodeVerification, &s.NameStatus, &s.NewNameStatus, &s.Official, &read)
	if err != nil {
		return n, err
	}
	s.ReadAt = fromMillis(read)
	if n.Token, err = tx.openText(numberLabel(n.Number), token); err != nil {
		return n, fmt.Errorf("open the token of %s: %w", n.Number.Masked(), err)
	}
	return n, nil
}

func numberLabel(n group.Number) string { return "number/" + n.String() }
