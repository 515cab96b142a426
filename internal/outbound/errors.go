package outbound

// Codes of errors.
const (
	CodeURLInvalid       = "URLInvalid"       // not an absolute http or https URL, or it holds a user name
	CodePortRefused      = "PortRefused"      // the port is not among those allowed
	CodeAddressRefused   = "AddressRefused"   // the name leads to an address that is not public
	CodeTooManyRedirects = "TooManyRedirects" // more than three
	CodeTooLarge         = "TooLarge"         // the body exceeds the limit
	CodeTimeout          = "Timeout"          // no whole answer in time
	CodeUnreachable      = "Unreachable"      // no such name, no connection, TLS failure, broken answer
	CodeStatus           = "Status"           // an answer other than 200
)

// Error is a failure to fetch. Its text says what to do and may be shown to the customer: it never holds the address
// that a name led to, which the customer is not to learn. The wrapped cause is for logs.
type Error struct {
	Code    string
	Message string
	Err     error
}

// Error returns `code: message`.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap returns the cause, nil where there is none.
func (e *Error) Unwrap() error { return e.Err }
