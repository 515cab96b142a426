package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/rollcall-im/rollcall/internal/graph"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// signatureShape is what the header of a signature looks like, whatever it signs.
var signatureShape = regexp.MustCompile(`^sha256=[0-9A-Fa-f]{64}$`)

// webhook receives what Meta pushes to the callback address. It answers 200 once the reports are stored, and 503 when they
// could not be, so that Meta sends them again.
type webhook struct {
	appSecret   string
	verifyToken string
	bodies      *rpc.Bodies
	handle      func(context.Context, []graph.Event) error
	log         *slog.Logger
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		h.handshake(w, r)
	case http.MethodPost:
		w.WriteHeader(h.receive(w, r))
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// handshake proves to Meta that this address is ours.
func (h *webhook) handshake(w http.ResponseWriter, r *http.Request) {
	challenge, ok := graph.Handshake(r.URL.Query(), h.verifyToken)
	if !ok {
		h.log.Warn("webhook handshake with a wrong verify token refused", "source", r.RemoteAddr)
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, challenge) //nolint:gosec // plain text, given only to whoever knows the verify token
}

// receive takes one delivery and gives the status of its answer.
func (h *webhook) receive(w http.ResponseWriter, r *http.Request) int {
	signature := r.Header.Get(graph.HubSignatureHeader)
	if !signatureShape.MatchString(signature) { // before anything is read, for nobody needs the app secret to know the shape
		h.log.Warn("webhook without a signature refused", "source", r.RemoteAddr)
		return http.StatusForbidden
	}
	body, release, err := h.bodies.Read(r.Context(), http.MaxBytesReader(w, r.Body, graph.MaxWebhookBytes))
	defer release()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, rpc.ErrNoRoom):
		h.log.Warn("webhook put off: the bodies of other requests take all the room", "source", r.RemoteAddr)
		return http.StatusServiceUnavailable
	case errors.As(err, &tooLarge):
		h.log.Warn("webhook larger than the network documents refused", "source", r.RemoteAddr, "limit", tooLarge.Limit)
		return http.StatusRequestEntityTooLarge
	case err != nil:
		return http.StatusBadRequest
	case !graph.VerifyHubSignature(h.appSecret, body, signature):
		h.log.Warn("webhook with a wrong signature refused; is the app secret the right one?", "source", r.RemoteAddr, "bytes", len(body))
		return http.StatusForbidden
	}
	events, err := graph.ParseWebhook(body)
	if err != nil {
		// Sent again it would be no clearer; the groups are read again in any case.
		h.log.Error("webhook could not be understood and is passed over", "bytes", len(body), "error", err)
		return http.StatusOK
	}
	if err := h.handle(r.Context(), events); err != nil {
		h.log.Error("webhook could not be stored; the network will send it again", "events", len(events), "error", err)
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}
