package graph

// Error codes of the Groups API, named after what they mean. Source: Meta, WhatsApp Groups API, error codes page.
const (
	CodeGroupEmpty            = 131020 // a message to a group that holds nobody but the business
	CodeGroupUnknown          = 131041 // no such group, or the business number is not in it
	CodeCursorExpired         = 131059 // start the listing again from its first page
	CodePartialSuccess        = 131201 // some participants were processed and others were not
	CodeDuplicateParticipants = 131202 // the same participant twice in one request; nothing was done
	CodeTermsNotAccepted      = 131203 // the person has not accepted WhatsApp's current terms
	CodeGroupFull             = 131204 // the group would exceed its size
	CodeSuspended             = 131207 // the platform suspended the group
	CodeGroupRateLimit        = 131208 // too many group operations from this business number
	CodePictureNotSquare      = 131209
	CodePictureTooSmall       = 131210
	CodeTooManyGroups         = 131211 // the business number has as many groups as it may have
	CodeNotInGroup            = 131212 // the person is not in the group
	CodeJoinRequestUnknown    = 131213
	CodeCreationSuspended     = 131214 // creation is off for now, because of marketing inside service windows
	CodeNotEligible           = 131215 // the business number may not use the Groups API
)

// General codes that a client of the Groups API meets. Source: Meta, WhatsApp Cloud API error codes page, and the
// Graph API guide to error handling.
const (
	CodeUnknown                = 1
	CodeServiceUnavailable     = 2
	CodeCapability             = 3
	CodeAppRateLimit           = 4
	CodePermissionDenied       = 10
	CodeUserRateLimit          = 17
	CodeInvalidObject          = 33
	CodeInvalidParameter       = 100
	CodeTokenMissing           = 104
	CodeTokenInvalid           = 190
	CodePermissionMissing      = 200 // 200 to 299 are one family
	CodeApplicationLimit       = 341
	CodePolicyBlock            = 368
	CodeCustomRateLimit        = 613
	CodeObjectNotFound         = 803
	CodeBusinessRateLimit      = 80007
	CodeAccountRateLimit       = 80008
	CodeThroughputReached      = 130429
	CodeAccountRestricted      = 130497
	CodeUnsupportedMessage     = 130501 // in a webhook: a kind of message that the API does not carry
	CodeSomethingWentWrong     = 131000
	CodeAccessDenied           = 131005
	CodeParameterMissing       = 131008
	CodeParameterValue         = 131009
	CodeTemporarilyUnavailable = 131016
	CodeUndeliverable          = 131026
	CodeAccountLocked          = 131031
	CodePaymentProblem         = 131042
	CodeIncorrectCertificate   = 131045
	CodeWindowClosed           = 131047 // the 24 hour service window is closed: only templates pass
	CodeSpamRateLimit          = 131048
	CodeUnsupportedType        = 131051
	CodeMediaUpload            = 131053
	CodePairRateLimit          = 131056
	CodeMaintenance            = 131057
	CodeTemplateParameters     = 132000 // as many parameters as the template has variables are needed
	CodeTemplateUnknown        = 132001 // no approved template of this name in this language
	CodeServerUnavailable      = 133004
)

// titles are ours; they stand in where an error carries a code and no words.
var titles = map[int]string{
	CodeGroupEmpty:             "Group has no participants",
	CodeGroupUnknown:           "Group does not exist or the number is not in it",
	CodeCursorExpired:          "Paging cursor expired",
	CodePartialSuccess:         "Some participants were not processed",
	CodeDuplicateParticipants:  "Duplicate participants",
	CodeTermsNotAccepted:       "Participant has not accepted the current terms",
	CodeGroupFull:              "Group is full",
	CodeSuspended:              "Group is suspended",
	CodeGroupRateLimit:         "Too many group operations",
	CodePictureNotSquare:       "Group picture is not square",
	CodePictureTooSmall:        "Group picture is too small",
	CodeTooManyGroups:          "Limit of groups reached",
	CodeNotInGroup:             "Participant is not in the group",
	CodeJoinRequestUnknown:     "Join request does not exist",
	CodeCreationSuspended:      "Group creation is suspended for now",
	CodeNotEligible:            "Number is not eligible for groups",
	CodeUnknown:                "Unknown error of the network",
	CodeServiceUnavailable:     "Service temporarily unavailable",
	CodePermissionDenied:       "Permission denied",
	CodeInvalidParameter:       "Invalid parameter",
	CodeTokenMissing:           "Access token is missing",
	CodeTokenInvalid:           "Access token is invalid or has expired",
	CodeSomethingWentWrong:     "Something went wrong",
	CodeParameterMissing:       "Required parameter is missing",
	CodeParameterValue:         "Parameter value is not valid",
	CodeTemporarilyUnavailable: "Service temporarily unavailable",
	CodeWindowClosed:           "The person has not written for 24 hours",
	CodeTemplateParameters:     "Number of template parameters does not match",
	CodeTemplateUnknown:        "Template does not exist in this language",
}

// classes holds every code whose class is not Permanent. The HTTP status has no say where the code is listed: Meta's
// own pages give one code different statuses, and advise to decide on the code.
var classes = map[int]Class{
	CodeAppRateLimit:       Throttled,
	CodeUserRateLimit:      Throttled,
	CodeApplicationLimit:   Throttled,
	CodeCustomRateLimit:    Throttled,
	CodeBusinessRateLimit:  Throttled,
	CodeAccountRateLimit:   Throttled,
	CodeThroughputReached:  Throttled,
	CodeSpamRateLimit:      Throttled,
	CodePairRateLimit:      Throttled,
	CodeGroupRateLimit:     Throttled,
	CodeUnknown:            Temporary,
	CodeServiceUnavailable: Temporary,
	CodeSomethingWentWrong: Temporary,

	CodeTemporarilyUnavailable: Temporary,
	CodeMaintenance:            Temporary,
	CodeServerUnavailable:      Temporary,

	CodeCapability:        Auth,
	CodePermissionDenied:  Auth,
	CodeTokenMissing:      Auth,
	CodeTokenInvalid:      Auth,
	CodePolicyBlock:       Auth,
	CodeAccountRestricted: Auth,
	CodeAccessDenied:      Auth,
	CodeAccountLocked:     Auth,
	CodeNotEligible:       Auth, // an endpoint one is not eligible for answers 10 or this: they are one case
}

// permanent holds codes that stay Permanent whatever status comes with them.
var permanent = map[int]bool{
	CodeGroupEmpty: true, CodeGroupUnknown: true, CodeCursorExpired: true, CodePartialSuccess: true,
	CodeDuplicateParticipants: true, CodeTermsNotAccepted: true, CodeGroupFull: true, CodeSuspended: true,
	CodePictureNotSquare: true, CodePictureTooSmall: true, CodeTooManyGroups: true, CodeNotInGroup: true,
	CodeJoinRequestUnknown: true, CodeCreationSuspended: true, CodeInvalidObject: true, CodeInvalidParameter: true,
	CodeObjectNotFound: true, CodeParameterMissing: true, CodeParameterValue: true, CodeUndeliverable: true,
	CodePaymentProblem: true, CodeIncorrectCertificate: true, CodeWindowClosed: true, CodeUnsupportedType: true,
	CodeMediaUpload: true, CodeUnsupportedMessage: true, CodeTemplateParameters: true, CodeTemplateUnknown: true,
}
