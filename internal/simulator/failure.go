package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// codeUnknownPath is the Graph API's general answer to a path without a meaning.
const codeUnknownPath = 2500

// failure is an error of the Graph API on its way into an answer.
type failure struct {
	code    int
	status  int // 0 = the documented one
	details string
}

func (f *failure) Error() string { return fmt.Sprintf("(#%d) %s", f.code, titleOf(f.code)) }

func fail(code int, details string) error { return &failure{code: code, details: details} }

var (
	errGroupUnknown = fail(graph.CodeGroupUnknown, "The group does not exist or the business number is not in it.")
	errSuspended    = fail(graph.CodeSuspended, "The group is suspended.")
)

// refusalOf turns the wish of an interference into an error.
func refusalOf(fate CallFate) error {
	if fate.Code == 0 {
		return nil
	}
	return &failure{code: fate.Code, status: fate.Status, details: "Refused by an interference."}
}

type verdict struct {
	status int
	title  string
}

// verdicts are the HTTP status and the title of each code. Source: Meta, WhatsApp Groups API, error codes page; WhatsApp
// Cloud API, error codes page; Graph API, guide to error handling.
var verdicts = map[int]verdict{
	graph.CodeGroupEmpty:            {400, "Group has no participants"},
	graph.CodeGroupUnknown:          {400, "Group does not exist"},
	graph.CodeCursorExpired:         {400, "Cursor expired"},
	graph.CodePartialSuccess:        {206, "Not all participants were processed"},
	graph.CodeDuplicateParticipants: {400, "Duplicate participants"},
	graph.CodeTermsNotAccepted:      {400, "Terms of service not accepted"},
	graph.CodeGroupFull:             {400, "Group size limit exceeded"},
	graph.CodeSuspended:             {403, "Group suspended"},
	graph.CodeGroupRateLimit:        {429, "Group rate limit hit"},
	graph.CodePictureNotSquare:      {400, "Group picture is not square"},
	graph.CodePictureTooSmall:       {400, "Group picture is too small"},
	graph.CodeTooManyGroups:         {400, "Group limit reached"},
	graph.CodeNotInGroup:            {400, "Participant is not in the group"},
	graph.CodeJoinRequestUnknown:    {400, "Join request does not exist"},
	graph.CodeCreationSuspended:     {400, "Group creation temporarily disabled"},
	graph.CodeNotEligible:           {400, "Not eligible for the Groups API"},

	codeUnknownPath:                  {400, "Unknown path components"},
	graph.CodeUnknown:                {400, "API unknown"},
	graph.CodeServiceUnavailable:     {503, "API service"},
	graph.CodeAppRateLimit:           {400, "Application request limit reached"},
	graph.CodePermissionDenied:       {403, "Permission denied"},
	graph.CodeInvalidParameter:       {400, "Invalid parameter"},
	graph.CodeTokenMissing:           {401, "Access token required"},
	graph.CodeTokenInvalid:           {401, "Invalid access token"},
	graph.CodePermissionMissing:      {403, "Permission error"},
	graph.CodePolicyBlock:            {403, "Temporarily blocked for policy violations"},
	graph.CodeObjectNotFound:         {404, "Object does not exist"},
	graph.CodeBusinessRateLimit:      {400, "Rate limit issues"},
	graph.CodeThroughputReached:      {400, "Rate limit hit"},
	graph.CodeAccountRestricted:      {403, "Business account is restricted"},
	graph.CodeSomethingWentWrong:     {500, "Something went wrong"},
	graph.CodeAccessDenied:           {403, "Access denied"},
	graph.CodeParameterMissing:       {400, "Required parameter is missing"},
	graph.CodeParameterValue:         {400, "Parameter value is not valid"},
	graph.CodeTemporarilyUnavailable: {500, "Service unavailable"},
	graph.CodeAccountLocked:          {403, "Account has been locked"},
	graph.CodeIncorrectCertificate:   {500, "Incorrect certificate"},
	graph.CodeUnsupportedType:        {400, "Unsupported message type"},
	graph.CodeMediaUpload:            {400, "Media upload error"},
	graph.CodePairRateLimit:          {400, "Pair rate limit hit"},
	graph.CodeMaintenance:            {500, "Account in maintenance mode"},
	graph.CodeWindowClosed:           {400, "Re-engagement message"},
	graph.CodeUndeliverable:          {400, "Message undeliverable"},
	graph.CodeTemplateParameters:     {400, "Number of parameters does not match the expected number of params"},
	graph.CodeTemplateUnknown:        {404, "Template name does not exist in the translation"},
	graph.CodeServerUnavailable:      {503, "Server temporarily unavailable"},
}

func titleOf(code int) string {
	if v, ok := verdicts[code]; ok {
		return v.title
	}
	return "Error"
}

// errorAnswer is the error envelope. Source: Graph API, guide to error handling.
type errorAnswer struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Message   string       `json:"message"`
	Type      string       `json:"type"`
	Code      int          `json:"code"`
	Data      errorDetails `json:"error_data"`
	Transient bool         `json:"is_transient"`
	TraceID   string       `json:"fbtrace_id"`
}

type errorDetails struct {
	MessagingProduct string `json:"messaging_product"`
	Details          string `json:"details"`
}

// partial is a payload that goes out with status 206.
type partial struct{ payload any }

func (s *Simulator) encodeAnswer(payload any, err error) (status int, body []byte) {
	status = http.StatusOK
	if p, ok := payload.(partial); ok {
		status, payload = http.StatusPartialContent, p.payload
	}
	if err == nil {
		if body, err = json.Marshal(payload); err == nil {
			return status, body
		}
	}
	f := s.failureOf(err)
	v, known := verdicts[f.code]
	if !known {
		v = verdict{status: http.StatusBadRequest}
	}
	if f.status != 0 {
		v.status = f.status
	}
	answer := errorBody{Message: f.Error(), Type: "OAuthException", Code: f.code, TraceID: s.ids.trace(),
		Transient: v.status == http.StatusTooManyRequests || v.status == http.StatusServiceUnavailable,
		Data:      errorDetails{MessagingProduct: "whatsapp", Details: f.details}}
	if f.code == graph.CodeObjectNotFound {
		answer.Type = "GraphMethodException"
	}
	body, _ = json.Marshal(errorAnswer{Error: answer}) // strings and numbers always encode
	return v.status, body
}

// failureOf finds the Graph error in err; anything else is trouble of our own, which is logged and not told.
func (s *Simulator) failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if !errors.Is(err, errClosed) {
		s.config.Logger.Error("a call to the simulator failed", "error", err)
	}
	return &failure{code: graph.CodeTemporarilyUnavailable, details: "The service is not available."}
}
