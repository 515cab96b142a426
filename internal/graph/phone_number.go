package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// PhoneNumber is a business number as the network knows it. What it does not say is empty.
type PhoneNumber struct {
	ID                     string
	DisplayPhoneNumber     string // as people write it
	VerifiedName           string
	Status                 string // such as CONNECTED
	QualityRating          string // GREEN, YELLOW, RED or UNKNOWN
	MessagingLimitTier     string // such as TIER_10K
	CodeVerificationStatus string // VERIFIED, NOT_VERIFIED or EXPIRED
	NameStatus             string // such as APPROVED
	NewNameStatus          string
	OfficialAccount        bool
}

// The fields of a number. Source: Meta, WhatsApp Business Platform, reference of the phone number. Those of the second list are
// not there in every version of the API, and a version that has one not refuses the whole call.
const (
	numberFields     = "id,display_phone_number,verified_name,code_verification_status,quality_rating"
	moreNumberFields = ",status,name_status,new_name_status,messaging_limit_tier,is_official_business_account"
)

// PhoneNumber reads the number of the credentials. It changes nothing and so also tells whether the token is good.
func (c *Client) PhoneNumber(ctx context.Context, creds Credentials) (PhoneNumber, error) {
	var out wirePhoneNumber
	err := c.fetch(ctx, creds, numberCall(creds.PhoneNumberID, numberFields+moreNumberFields), &out)
	if CodeOf(err) == CodeInvalidParameter {
		err = c.fetch(ctx, creds, numberCall(creds.PhoneNumberID, numberFields), &out)
	}
	if err != nil {
		return PhoneNumber{}, fmt.Errorf("read phone number %s: %w", creds.PhoneNumberID, err)
	}
	return out.number(), nil
}

func numberCall(id, fields string) call {
	return call{method: http.MethodGet, id: id, query: url.Values{"fields": {fields}}}
}

type wirePhoneNumber struct {
	ID            text `json:"id"`
	Display       text `json:"display_phone_number"`
	Name          text `json:"verified_name"`
	Status        text `json:"status"`
	Quality       text `json:"quality_rating"`
	Tier          text `json:"messaging_limit_tier"`
	Verification  text `json:"code_verification_status"`
	NameStatus    text `json:"name_status"`
	NewNameStatus text `json:"new_name_status"`
	Official      flag `json:"is_official_business_account"`
}

func (n *wirePhoneNumber) number() PhoneNumber {
	return PhoneNumber{ID: string(n.ID), DisplayPhoneNumber: string(n.Display), VerifiedName: string(n.Name), Status: string(n.Status),
		QualityRating: string(n.Quality), MessagingLimitTier: string(n.Tier), CodeVerificationStatus: string(n.Verification),
		NameStatus: string(n.NameStatus), NewNameStatus: string(n.NewNameStatus), OfficialAccount: bool(n.Official)}
}

// The bounds of a listing of numbers: an account has 25 at the most unless Meta agrees to more.
const (
	numbersAPage = 100
	numberPages  = 50
)

// PhoneNumbers lists the numbers of the business account of the credentials, with the fields that every version of the API has.
func (c *Client) PhoneNumbers(ctx context.Context, creds Credentials) ([]PhoneNumber, error) {
	var found []PhoneNumber
	after := ""
	for range numberPages {
		query := url.Values{"fields": {numberFields}, "limit": {strconv.Itoa(numbersAPage)}}
		if after != "" {
			query.Set("after", after)
		}
		var out struct {
			Data   list[wirePhoneNumber] `json:"data"`
			Paging wirePaging            `json:"paging"`
		}
		k := call{method: http.MethodGet, id: creds.AccountID, edge: "phone_numbers", query: query}
		if err := c.fetch(ctx, creds, k, &out); err != nil {
			return nil, fmt.Errorf("list phone numbers of %s: %w", creds.AccountID, err)
		}
		for i := range out.Data {
			found = append(found, out.Data[i].number())
		}
		if after = out.Paging.next(after); after == "" {
			break
		}
	}
	return found, nil
}
