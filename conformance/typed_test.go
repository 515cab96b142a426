package conformance

import (
	"testing"

	"github.com/alibabacloud-go/tea/dara"
)

// typed decodes answers into structures with fixed types, as the SDKs generated for a product do after the core has
// answered. The structures below have the members and types that the product's documentation gives.
type typed struct{ darabonba }

// envelope is what every answer of the group operations has.
type envelope struct {
	AccessDeniedDetail *string `json:"AccessDeniedDetail,omitempty"`
	Code               *string `json:"Code,omitempty"`
	Message            *string `json:"Message,omitempty"`
	RequestID          *string `json:"RequestId,omitempty"`
	Success            *bool   `json:"Success,omitempty"`
}

type addChatGroup struct {
	envelope
	UniqueCode *string `json:"UniqueCode,omitempty"`
}

// change is the answer of every operation that counts the rows it affected.
type change struct {
	envelope
	Result *int64 `json:"Result,omitempty"`
}

type addChatGroupInviteLink struct {
	envelope
	InviteLink *string `json:"InviteLink,omitempty"`
}

type chatGroup struct {
	BusinessNumber        *string `json:"BusinessNumber,omitempty"`
	BusinessRole          *string `json:"BusinessRole,omitempty"`
	Description           *string `json:"Description,omitempty"`
	GmtModifier           *int64  `json:"GmtModifier,omitempty"`
	GroupID               *string `json:"GroupId,omitempty"`
	GroupLink             *string `json:"GroupLink,omitempty"`
	GroupStatus           *string `json:"GroupStatus,omitempty"`
	GroupType             *string `json:"GroupType,omitempty"`
	InviteLink            *string `json:"InviteLink,omitempty"`
	ProfilePictureFile    *string `json:"ProfilePictureFile,omitempty"`
	Subject               *string `json:"Subject,omitempty"`
	TotalParticipantCount *int64  `json:"TotalParticipantCount,omitempty"`
}

type participant struct {
	ParticipantNumber *string `json:"ParticipantNumber,omitempty"`
}

// page is a list with the number of rows there are in all.
type page[Row any] struct {
	Total *int64 `json:"Total,omitempty"`
	List  []*Row `json:"List,omitempty"`
}

type list[Row any] struct {
	envelope
	Data *page[Row] `json:"Data,omitempty"`
}

// sendChatappMessage has no Success: that operation's answer never had one.
type sendChatappMessage struct {
	AccessDeniedDetail *string `json:"AccessDeniedDetail,omitempty"`
	Code               *string `json:"Code,omitempty"`
	Message            *string `json:"Message,omitempty"`
	MessageID          *string `json:"MessageId,omitempty"`
	RequestID          *string `json:"RequestId,omitempty"`
}

// createInstance has an integer for the name, and listInstance its paging beside the rows.
type createInstance struct {
	envelope
	Data *struct {
		ChannelType         *string `json:"ChannelType,omitempty"`
		InstanceDescription *string `json:"InstanceDescription,omitempty"`
		InstanceID          *string `json:"InstanceId,omitempty"`
		InstanceName        *int64  `json:"InstanceName,omitempty"`
		ResourceRegionID    *string `json:"ResourceRegionId,omitempty"`
		SubmitTime          *string `json:"SubmitTime,omitempty"`
	} `json:"Data,omitempty"`
}

type instanceRow struct {
	ChannelType         *string `json:"ChannelType,omitempty"`
	ContactMail         *string `json:"ContactMail,omitempty"`
	CountryID           *string `json:"CountryId,omitempty"`
	CustSpaceID         *string `json:"CustSpaceId,omitempty"`
	CustType            *string `json:"CustType,omitempty"`
	FacebookBmID        *string `json:"FacebookBmId,omitempty"`
	InstanceDescription *string `json:"InstanceDescription,omitempty"`
	InstanceID          *string `json:"InstanceId,omitempty"`
	InstanceName        *string `json:"InstanceName,omitempty"`
	IsvTerms            *string `json:"IsvTerms,omitempty"`
	OfficeAddress       *string `json:"OfficeAddress,omitempty"`
	ResourceGroupID     *string `json:"ResourceGroupId,omitempty"`
	ResourceRegionID    *string `json:"ResourceRegionId,omitempty"`
	State               *string `json:"State,omitempty"`
	SubmitTime          *string `json:"SubmitTime,omitempty"`
}

type listInstance struct {
	envelope
	Data       []*instanceRow `json:"Data,omitempty"`
	TotalCount *int32         `json:"TotalCount,omitempty"`
}

type queryInstance struct {
	envelope
	Data *instanceRow `json:"Data,omitempty"`
}

type phoneNumbers struct {
	envelope
	PhoneNumbers []*struct {
		CodeVerificationStatus *string `json:"CodeVerificationStatus,omitempty"`
		IsOfficial             *string `json:"IsOfficial,omitempty"`
		MessagingLimitTier     *string `json:"MessagingLimitTier,omitempty"`
		NameStatus             *string `json:"NameStatus,omitempty"`
		NewNameStatus          *string `json:"NewNameStatus,omitempty"`
		PhoneNumber            *string `json:"PhoneNumber,omitempty"`
		QualityRating          *string `json:"QualityRating,omitempty"`
		Status                 *string `json:"Status,omitempty"`
		StatusCallbackURL      *string `json:"StatusCallbackUrl,omitempty"`
		StatusQueue            *string `json:"StatusQueue,omitempty"`
		UpCallbackURL          *string `json:"UpCallbackUrl,omitempty"`
		UpQueue                *string `json:"UpQueue,omitempty"`
		VerifiedName           *string `json:"VerifiedName,omitempty"`
	} `json:"PhoneNumbers,omitempty"`
}

type queryChatappBindWaba struct {
	envelope
	Data *struct {
		AccountReviewStatus      *string `json:"AccountReviewStatus,omitempty"`
		BusinessID               *string `json:"BusinessId,omitempty"`
		BusinessName             *string `json:"BusinessName,omitempty"`
		Currency                 *string `json:"Currency,omitempty"`
		ID                       *string `json:"Id,omitempty"`
		MessageTemplateNamespace *string `json:"MessageTemplateNamespace,omitempty"`
		Name                     *string `json:"Name,omitempty"`
	} `json:"Data,omitempty"`
}

type chatappBindWaba struct {
	envelope
	Data *struct {
		CustSpaceID *string `json:"CustSpaceId,omitempty"`
		WabaID      *string `json:"WabaId,omitempty"`
	} `json:"Data,omitempty"`
}

// getChatappOpenStatus has neither Success nor AccessDeniedDetail.
type getChatappOpenStatus struct {
	Code       *string `json:"Code,omitempty"`
	Message    *string `json:"Message,omitempty"`
	OpenStatus *bool   `json:"OpenStatus,omitempty"`
	RequestID  *string `json:"RequestId,omitempty"`
}

// sendChatappMassMessage has no Success either.
type sendChatappMassMessage struct {
	AccessDeniedDetail *string `json:"AccessDeniedDetail,omitempty"`
	Code               *string `json:"Code,omitempty"`
	GroupMessageID     *string `json:"GroupMessageId,omitempty"`
	Message            *string `json:"Message,omitempty"`
	RequestID          *string `json:"RequestId,omitempty"`
}

// listChatappMessage has a bare list in Data.
type listChatappMessage struct {
	envelope
	Data []*chatappMessage `json:"Data,omitempty"`
}

type chatappMessage struct {
	BusinessNumber         *string `json:"BusinessNumber,omitempty"`
	ChannelType            *string `json:"ChannelType,omitempty"`
	ClientAcceptStatusName *string `json:"ClientAcceptStatusName,omitempty"`
	ClientReadStatus       *string `json:"ClientReadStatus,omitempty"`
	ClientReadStatusName   *string `json:"ClientReadStatusName,omitempty"`
	EventAction            *string `json:"EventAction,omitempty"`
	EventActionName        *string `json:"EventActionName,omitempty"`
	FailBackFlag           *string `json:"FailBackFlag,omitempty"`
	FailReason             *string `json:"FailReason,omitempty"`
	LanguageCode           *string `json:"LanguageCode,omitempty"`
	Message                *string `json:"Message,omitempty"`
	MessageID              *string `json:"MessageId,omitempty"`
	MessageSource          *string `json:"MessageSource,omitempty"`
	MessageStatus          *string `json:"MessageStatus,omitempty"`
	MessageStatusName      *string `json:"MessageStatusName,omitempty"`
	MessageType            *string `json:"MessageType,omitempty"`
	MessageTypeName        *string `json:"MessageTypeName,omitempty"`
	Month                  *string `json:"Month,omitempty"`
	SendTime               *string `json:"SendTime,omitempty"`
	TemplateCode           *string `json:"TemplateCode,omitempty"`
	TemplateName           *string `json:"TemplateName,omitempty"`
	Type                   *string `json:"Type,omitempty"`
	UniqueMessageID        *string `json:"UniqueMessageId,omitempty"`
	UserNumber             *string `json:"UserNumber,omitempty"`
}

// response is what a generated SDK hands out.
type response[Body any] struct {
	Headers    map[string]*string `json:"headers,omitempty"`
	StatusCode *int32             `json:"statusCode,omitempty"`
	Body       *Body              `json:"body,omitempty"`
}

// responses makes an empty response for each operation that a generated SDK knows.
var responses = map[string]func() any{
	"AddChatGroup":                func() any { return new(response[addChatGroup]) },
	"UpdateChatGroup":             func() any { return new(response[change]) },
	"DeleteChatGroup":             func() any { return new(response[change]) },
	"ListChatGroup":               func() any { return new(response[list[chatGroup]]) },
	"AddChatGroupInviteLink":      func() any { return new(response[addChatGroupInviteLink]) },
	"DeleteChatGroupInviteLink":   func() any { return new(response[change]) },
	"ListChatGroupParticipants":   func() any { return new(response[list[participant]]) },
	"DeleteChatGroupParticipants": func() any { return new(response[change]) },
	"SendChatappMessage":          func() any { return new(response[sendChatappMessage]) },

	"CreateInstance":           func() any { return new(response[createInstance]) },
	"ListInstance":             func() any { return new(response[listInstance]) },
	"QueryInstance":            func() any { return new(response[queryInstance]) },
	"UpdateInstance":           func() any { return new(response[envelope]) },
	"DeleteInstance":           func() any { return new(response[envelope]) },
	"QueryChatappPhoneNumbers": func() any { return new(response[phoneNumbers]) },
	"ChatappSyncPhoneNumber":   func() any { return new(response[phoneNumbers]) },
	"QueryChatappBindWaba":     func() any { return new(response[queryChatappBindWaba]) },
	"ChatappBindWaba":          func() any { return new(response[chatappBindWaba]) },
	"GetChatappOpenStatus":     func() any { return new(response[getChatappOpenStatus]) },
	"SendChatappMassMessage":   func() any { return new(response[sendChatappMassMessage]) },
	"ListChatappMessage":       func() any { return new(response[listChatappMessage]) },
}

func openTyped(t *testing.T, to target) client {
	t.Helper()
	core, ok := openDarabonba("", inQuery)(t, to).(darabonba)
	if !ok {
		t.Fatal("openDarabonba gives another client")
	}
	return typed{core}
}

// call goes through the core alone where a generated SDK has no method, as its users must.
func (c typed) call(action string, parameters map[string]any) (answer, error) {
	empty, ok := responses[action]
	if !ok {
		return c.darabonba.call(action, parameters)
	}
	result, err := c.callAPI(action, parameters)
	if err != nil {
		return c.refused(err)
	}
	decoded := empty()
	if err := dara.Convert(result, decoded); err != nil {
		return answer{}, err
	}
	return answerOf(decoded)
}
