package group

import "time"

// Channel ties an account to one place on the network. Callers know it as a space, by its CustSpaceId.
type Channel struct {
	ID        int64
	AccountID int64
	SpaceID   string // CustSpaceId
	Name      string
	CreatedAt time.Time
}

// BusinessNumber is a number of a channel with what is needed to speak for it on the network.
type BusinessNumber struct {
	Number        Number
	AccountID     int64
	ChannelID     int64
	SpaceID       string // CustSpaceId of its channel
	PhoneNumberID string // the network's id of the number
	WABAID        string // the network's id of the business account
	Token         string // bearer token for the network; a secret
}
