package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/store"
)

// The kinds of refusal of the gateway layer, which answers 4xx and 5xx. Those of the business stand in package group.
const (
	codeMethod            group.Code = "method not supported"
	codeActionUnknown     group.Code = "action unknown"
	codeMissing           group.Code = "parameter missing"
	codeInvalid           group.Code = "parameter invalid"
	codeMalformed         group.Code = "request malformed"
	codeFormat            group.Code = "answer format unknown"
	codeTooLarge          group.Code = "request too large"
	codeTruncated         group.Code = "body shorter than announced"
	codeBodyDigest        group.Code = "body does not match Content-MD5"
	codeTimeFormat        group.Code = "timestamp malformed"
	codeTimeExpired       group.Code = "timestamp expired"
	codeKeyUnknown        group.Code = "access key unknown"
	codeKeyInactive       group.Code = "access key inactive"
	codeTokenMissing      group.Code = "security token missing"
	codeTokenMalformed    group.Code = "security token malformed"
	codeTokenMismatch     group.Code = "security token of another key"
	codeTokenExpired      group.Code = "security token expired"
	codeSignatureMethod   group.Code = "signature method unknown"
	codeSignatureShape    group.Code = "signature incomplete"
	codeSignatureMismatch group.Code = "signature mismatch"
	codeNonceUsed         group.Code = "nonce used"
	codeNoPermission      group.Code = "no permission"
	codeThrottled         group.Code = "too many calls"
	codeInternal          group.Code = "internal error"
	codeUnavailable       group.Code = "service unavailable"
)

// The kinds of refusal that RAM and STS have for themselves. Their codes have a part that tells what the refusal is about.
const (
	codeRAMNoPermission  group.Code = "no permission, in RAM's words"
	codeRAMInvalid       group.Code = "value not valid, in RAM's words"
	codeRAMMalformed     group.Code = "policy document malformed"
	codeRAMNotExist      group.Code = "entity does not exist"
	codeRAMAlreadyExists group.Code = "entity exists already"
	codeRAMConflict      group.Code = "entity still in use"
	codeRAMLimit         group.Code = "too many of an entity"
)

// The kinds of refusal and the half-way outcomes of the business layer that only callers' words have, answered with 200.
const (
	CodeBadPage          group.Code = "bad page"
	CodeBadChannelType   group.Code = "channel type not supported"
	CodeBadGroupID       group.Code = "bad group id"
	CodeBadGroupStatus   group.Code = "bad group status"
	CodeFromNotNumeric   group.Code = "sender not numeric"
	CodeMessageTypeEmpty group.Code = "message type empty"
	CodeToNotNumeric     group.Code = "recipient not numeric"
	CodeLinkEmpty        group.Code = "link empty"
	CodeBadSenderList    group.Code = "bad sender list"
	CodeTemplateEmpty    group.Code = "template code empty"
	CodeLanguageEmpty    group.Code = "template language empty"
	CodeContentEmpty     group.Code = "content empty"
	CodeBadContent       group.Code = "bad content"
	CodeTextEmpty        group.Code = "text empty"
	CodeBadSendType      group.Code = "kind of sending not supported"
	CodeBadRecipientType group.Code = "recipient type not supported"
	CodePartialFailure   group.Code = "done for some only"
	CodePending          group.Code = "not confirmed yet"
)

// ErrorRow is one row of the error table: what callers see of one kind of refusal.
type ErrorRow struct {
	Code      string // on the wire; in a code of the pattern "Missing%s" the parameter's name takes the place of %s
	Status    int    // of HTTP
	Message   string // what is said when the refusal brings no sentence of its own
	Extension bool   // no public document of the official service has this code for such a case
}

// errorTable is the one place that says how refusals look. Codes and texts of the gateway layer are those that Alibaba Cloud's
// gateway gives (its "RPC API" and error centre pages, and answers quoted in public issues); those of the business layer are
// from Chat App Message Service's error list, as far as it has one.
var errorTable = map[group.Code]ErrorRow{
	codeMethod:            {"UnsupportedHTTPMethod", http.StatusMethodNotAllowed, "This http method is not supported.", false},
	codeActionUnknown:     {"InvalidAction.NotFound", http.StatusNotFound, "Specified api is not found, please check your url and method.", false},
	codeMissing:           {"Missing%s", http.StatusBadRequest, "%s is mandatory for this action.", false},
	codeInvalid:           {"Invalid%s", http.StatusBadRequest, "Specified parameter %s is not valid.", false},
	codeMalformed:         {"InvalidParameter", http.StatusBadRequest, "The request's parameters cannot be read.", false},
	codeFormat:            {"InvalidParameter.Format", http.StatusBadRequest, "Format must be JSON or XML.", false},
	codeTooLarge:          {"RequestTooLarge", http.StatusRequestEntityTooLarge, "The request is larger than this server accepts.", true},
	codeTruncated:         {"ContentLengthDoesNotMatch", http.StatusBadRequest, "The body ended before the announced length.", false},
	codeBodyDigest:        {"ContentMD5NotMatched", http.StatusBadRequest, "The body does not match Content-MD5.", false},
	codeTimeFormat:        {"InvalidTimeStamp.Format", http.StatusBadRequest, "Specified time stamp or date value is not well formatted.", false},
	codeTimeExpired:       {"InvalidTimeStamp.Expired", http.StatusBadRequest, "Specified time stamp or date value is expired.", false},
	codeKeyUnknown:        {"InvalidAccessKeyId.NotFound", http.StatusNotFound, "Specified access key is not found.", false},
	codeKeyInactive:       {"InvalidAccessKeyId.Inactive", http.StatusBadRequest, "Specified access key is disabled.", false},
	codeTokenMissing:      {"MissingSecurityToken", http.StatusBadRequest, "SecurityToken is mandatory for this action.", false},
	codeTokenMalformed:    {"InvalidSecurityToken.Malformed", http.StatusBadRequest, "Specified SecurityToken is malformed.", false},
	codeTokenMismatch:     {"InvalidSecurityToken.MismatchWithAccessKey", http.StatusBadRequest, "Specified SecurityToken does not match the AccessKeyId.", false},
	codeTokenExpired:      {"InvalidSecurityToken.Expired", http.StatusBadRequest, "Specified SecurityToken is expired.", false},
	codeSignatureMethod:   {"InvalidSignatureMethod", http.StatusBadRequest, "Specified signature method is not valid.", false},
	codeSignatureShape:    {"IncompleteSignature", http.StatusBadRequest, "The request signature does not conform to Aliyun standards.", false},
	codeSignatureMismatch: {"SignatureDoesNotMatch", http.StatusBadRequest, "Specified signature does not match our calculation.", false},
	codeNonceUsed:         {"SignatureNonceUsed", http.StatusBadRequest, "Specified signature nonce was used already.", false},
	codeNoPermission:      {"Forbidden.RAM", http.StatusForbidden, "User not authorized to operate on the specified resource, or this API doesn't support RAM.", false},
	codeThrottled:         {"Throttling.User", http.StatusBadRequest, "Request was denied due to user flow control.", false},
	codeInternal:          {"InternalError", http.StatusInternalServerError, "The request processing has failed due to some unknown error.", false},
	codeUnavailable:       {"ServiceUnavailable", http.StatusServiceUnavailable, "The request has failed due to a temporary failure of the server.", false},

	codeRAMNoPermission:  {"NoPermission", http.StatusForbidden, "You are not authorized to do this action. You should be authorized by RAM.", false},
	codeRAMInvalid:       {"InvalidParameter.%s", http.StatusBadRequest, "The parameter is not valid: %s.", false},
	codeRAMMalformed:     {"MalformedPolicyDocument", http.StatusBadRequest, "The policy document breaks the grammar.", false},
	codeRAMNotExist:      {"EntityNotExist.%s", http.StatusNotFound, "There is no such %s.", false},
	codeRAMAlreadyExists: {"EntityAlreadyExists.%s", http.StatusConflict, "There is one already: %s.", false},
	codeRAMConflict:      {"DeleteConflict.%s", http.StatusConflict, "It is still in use: %s.", false},
	codeRAMLimit:         {"LimitExceeded.%s", http.StatusConflict, "There are too many: %s.", false},

	group.CodeNotOwner:         {"Unknown.ResourceOwnerId", http.StatusBadRequest, "The resource is not owned by the caller.", false},
	group.CodeTokenReused:      {"IdempotentParameterMismatch", http.StatusBadRequest, "The ClientToken was used with other parameters.", true},
	group.CodeUnavailable:      {"ServiceUnavailable", http.StatusServiceUnavailable, "The request has failed due to a temporary failure of the server.", false},
	group.CodeNotAllowlisted:   {"Authentication.NoAuth", http.StatusOK, "This account is not on the allowlist of the group operations.", false},
	group.CodeNotFound:         {"InvalidParameter.GroupNotExist", http.StatusOK, "There is no such group.", true},
	group.CodeSuspended:        {"ChatGroup.Suspended", http.StatusOK, "The group is suspended.", true},
	group.CodeNotActive:        {"ChatGroup.NotActive", http.StatusOK, "The group is not active.", true},
	group.CodeBadNumber:        {"InvalidParameter.PhoneNumberError", http.StatusOK, "A phone number is not valid.", false},
	group.CodeBadList:          {"InvalidParameter.ListInvalid", http.StatusOK, "List is not valid.", true},
	group.CodeBadSubject:       {"InvalidParameter.SubjectInvalid", http.StatusOK, "Subject is not valid.", true},
	group.CodeBadDescription:   {"InvalidParameter.DescriptionInvalid", http.StatusOK, "Description is not valid.", true},
	group.CodeBadPicture:       {"InvalidParameter.ProfilePictureFileInvalid", http.StatusOK, "ProfilePictureFile is not valid.", true},
	group.CodeNothingToChange:  {"InvalidParameter.NothingToUpdate", http.StatusOK, "There is nothing to change.", true},
	group.CodeBadMessage:       {"InvalidParameter.ContentError", http.StatusOK, "The content of the message is not valid.", false},
	group.CodeBadKind:          {"InvalidParameter.MessageTypeNotSupport", http.StatusOK, "MessageType is not supported.", false},
	group.CodeMessageUnknown:   {"InvalidParameter.MessageNotExist", http.StatusOK, "There is no such message.", true},
	group.CodeWindowClosed:     {"SessionWindowExpired", http.StatusOK, "The person has not written for 24 hours.", false},
	group.CodeTemplateUnknown:  {"TemplateNotFound", http.StatusOK, "There is no such template.", false},
	group.CodeTemplateParams:   {"TemplateParamInvalid", http.StatusOK, "The parameters do not fit the template.", false},
	group.CodeBadLanguage:      {"InvalidParameter.LanguageNotSupport", http.StatusOK, "The template is not approved in this language.", false},
	group.CodeOperationUnknown: {"InvalidParameter.OperationNotExist", http.StatusOK, "There is no such operation.", true},
	group.CodeUpstream:         {"ChatGroup.UpstreamError", http.StatusOK, "The network refused the change.", true},
	group.CodeBadCallback:      {"InvalidParameter.CallbackInvalid", http.StatusOK, "The settings of a callback are not valid.", true},
	group.CodeBadCursor:        {"InvalidParameter.CursorInvalid", http.StatusOK, "Cursor is not valid.", true},
	group.CodeConflict:         {"ChatGroup.Conflict", http.StatusOK, "It exists already.", true},

	group.CodeBadChannel:      {"InvalidParameter.InstanceInvalid", http.StatusOK, "A text of the channel is not valid.", true},
	group.CodeChannelInUse:    {"Instance.InUse", http.StatusOK, "The channel still has groups.", true},
	group.CodeTooManyChannels: {"Instance.LimitExceeded", http.StatusOK, "The account has as many channels as it can have.", true},

	CodeBadPage:          {"InvalidParameter.PageInvalid", http.StatusOK, "Page is not valid.", false},
	CodeBadChannelType:   {"InvalidParameter.ChannelTypeNotSupport", http.StatusOK, "ChannelType is not supported.", false},
	CodeBadGroupID:       {"InvalidParameter.GroupIdInvalid", http.StatusOK, "GroupId is not valid.", true},
	CodeBadGroupStatus:   {"InvalidParameter.GroupStatusInvalid", http.StatusOK, "GroupStatus is not valid.", true},
	CodeFromNotNumeric:   {"InvalidParameter.FromOnlyNumeric", http.StatusOK, "From must be digits only.", false},
	CodeMessageTypeEmpty: {"InvalidParameter.MessageTypeNotEmpty", http.StatusOK, "MessageType must not be empty.", false},
	CodeToNotNumeric:     {"InvalidParameter.ToOnlyNumeric", http.StatusOK, "To must be digits only.", false},
	CodeBadSenderList:    {"InvalidParameter.SenderListInvalid", http.StatusOK, "SenderList is not valid.", true},
	CodeLinkEmpty:        {"InvalidParameter.LinkNotEmpty", http.StatusOK, "The link of the message must not be empty.", false},
	CodeTemplateEmpty:    {"InvalidParameter.TemplateCodeNotEmpty", http.StatusOK, "TemplateCode must not be empty.", false},
	CodeLanguageEmpty:    {"InvalidParameter.LanguageNotEmpty", http.StatusOK, "Language must not be empty.", false},
	CodeContentEmpty:     {"InvalidParameter.ContentNotEmpty", http.StatusOK, "Content must not be empty.", false},
	CodeBadContent:       {"InvalidParameter.ContentError", http.StatusOK, "Content is not valid.", false},
	CodeTextEmpty:        {"InvalidParameter.TextNotEmpty", http.StatusOK, "The text of the message must not be empty.", false},
	CodeBadSendType:      {"InvalidParameter.TypeNotSupport", http.StatusOK, "Type is not supported.", true},
	CodeBadRecipientType: {"InvalidParameter.RecipientTypeNotSupport", http.StatusOK, "RecipientType is not supported.", true},
	CodePartialFailure:   {"ChatGroup.PartialFailure", http.StatusOK, "The network refused part of the change.", true},
	CodePending:          {"ChatGroup.OperationPending", http.StatusOK, "The network has not confirmed the change yet.", true},
}

// ErrorTable gives every row once, by status and code, for the reference of the API.
func ErrorTable() []ErrorRow {
	rows := make([]ErrorRow, 0, len(errorTable))
	for _, r := range errorTable {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b ErrorRow) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		return strings.Compare(a.Code+a.Message, b.Code+b.Message)
	})
	return slices.CompactFunc(rows, func(a, b ErrorRow) bool { return a.Code == b.Code })
}

// Refusal is a call that ends without its operation. Operations return it for what concerns a parameter; for everything else
// they return a *group.Error.
type Refusal struct {
	Kind    group.Code
	Param   string // the parameter concerned, for kinds whose code or text names one
	Message string // "" for what the table says

	detail   *ram.AccessDeniedDetail
	throttle *throttleState
}

func (r *Refusal) Error() string { return "refuse call: " + r.row().Message }

// Missing refuses a call that lacks a mandatory parameter.
func Missing(param string) *Refusal { return &Refusal{Kind: codeMissing, Param: param} }

// Invalid refuses a call because of the value of a parameter. The sentence says what would be right, "" for the usual text.
func Invalid(param, sentence string) *Refusal {
	return &Refusal{Kind: codeInvalid, Param: param, Message: sentence}
}

func refuse(kind group.Code) *Refusal { return &Refusal{Kind: kind} }

func refusef(kind group.Code, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// row gives what callers see of a refusal.
func (r *Refusal) row() ErrorRow {
	row, ok := errorTable[r.Kind]
	if !ok {
		return errorTable[codeInternal]
	}
	if strings.Contains(row.Code, "%s") {
		row.Code = fmt.Sprintf(row.Code, r.Param)
		row.Message = fmt.Sprintf(row.Message, r.Param)
	}
	if r.Message != "" {
		row.Message = r.Message
	}
	return row
}

// refusalOf makes a refusal of whatever ended a call. known is false for what is a fault of ours and belongs into the log.
func refusalOf(err error) (r *Refusal, known bool) {
	var coded *group.Error
	var inRAM *ram.Error
	switch {
	case errors.As(err, &r):
		return r, true
	case errors.As(err, &coded):
		_, known = errorTable[coded.Code]
		return &Refusal{Kind: coded.Code, Message: coded.Message}, known
	case errors.As(err, &inRAM):
		return refusalInRAM(inRAM)
	case errors.Is(err, store.ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return refuse(codeUnavailable), true
	case errors.Is(err, store.ErrUnavailable):
		return refusef(codeUnavailable, "The database cannot be reached at the moment; try again in a few seconds."), false
	}
	return refuse(codeInternal), false
}

// refusalInRAM puts one of RAM's own errors into a refusal. What the code begins with says which status goes with it (RAM API
// reference, "Error messages").
func refusalInRAM(e *ram.Error) (r *Refusal, known bool) {
	switch e.Code {
	case ram.CodeMalformedPolicyDocument:
		return &Refusal{Kind: codeRAMMalformed, Message: e.Message}, true
	case ram.ErrRootAssumesNothing.Code:
		return &Refusal{Kind: codeRAMNoPermission, Message: e.Message}, true
	}
	beginning, rest, _ := strings.Cut(e.Code, ".")
	kind, known := map[string]group.Code{"InvalidParameter": codeRAMInvalid, "EntityNotExist": codeRAMNotExist,
		"EntityAlreadyExists": codeRAMAlreadyExists, "DeleteConflict": codeRAMConflict, "LimitExceeded": codeRAMLimit}[beginning]
	if !known {
		return refuse(codeInternal), false
	}
	return &Refusal{Kind: kind, Param: rest, Message: e.Message}, true
}
