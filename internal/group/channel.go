package group

import (
	"time"
	"unicode"
	"unicode/utf8"
)

// Channel ties an account to one place on the network. Callers know it as a space, by its CustSpaceId, and as an instance, by an
// InstanceId that is the same.
type Channel struct {
	ID        int64
	AccountID int64
	SpaceID   string // CustSpaceId
	Name      string
	CreatedAt time.Time
	Profile   ChannelProfile
	WABA      WABA
}

// ChannelProfile describes a channel. It is kept and given back, and means nothing to Rollcall.
type ChannelProfile struct {
	Description     string
	ContactMail     string
	CountryID       string
	FacebookBMID    string
	ISVTerms        string
	OfficeAddress   string
	ResourceGroupID string
}

// WABA is the WhatsApp business account that a channel is bound to, as the network described it last. The words are the network's.
type WABA struct {
	ID                string // "" while the channel is bound to none
	Name              string
	Currency          string // ISO 4217
	ReviewStatus      string // such as APPROVED
	TemplateNamespace string
	BusinessID        string
	BusinessName      string
	ReadAt            time.Time // zero while it was never read
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
	Standing      Standing
}

// Standing is how a business number stands with the network, as it was read last. The words are the network's.
type Standing struct {
	VerifiedName     string
	Status           string // such as CONNECTED
	Quality          string // GREEN, YELLOW, RED or UNKNOWN
	MessagingTier    string // such as TIER_10K
	CodeVerification string // such as VERIFIED
	NameStatus       string // such as APPROVED
	NewNameStatus    string
	Official         bool      // an official business account
	ReadAt           time.Time // zero while it was never read
}

// Unknown is how a number stands, and what its quality is, while the network has not said.
const Unknown = "UNKNOWN"

// MaxChannels is how many channels an account can have.
const MaxChannels = 1000

// The longest texts of a channel, in characters.
const (
	MaxChannelName = 128
	MaxChannelText = 1024
)

// CheckChannelText refuses a text of a channel, which callers know by the given name, that is longer than most or has control
// characters: BadChannel.
func CheckChannelText(name, text string, most int) error {
	if !utf8.ValidString(text) {
		return Errorf(CodeBadChannel, "%s is not valid UTF-8; send it again as UTF-8.", name)
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return Errorf(CodeBadChannel, "%s has a control character; leave it out.", name)
		}
	}
	if utf8.RuneCountInString(text) > most {
		return Errorf(CodeBadChannel, "%s is longer than %d characters; shorten it.", name, most)
	}
	return nil
}
