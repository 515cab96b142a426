package rpc

import (
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/ram"
)

// Answer is what an operation answers with HTTP 200.
type Answer struct {
	Code        group.Code // "" for success, else a kind from the error table that is answered with 200
	Message     string     // "" for OK, or for what the table says
	OperationID int64      // of a change: the operation that stands for it; 0 when none was begun
	Members     func(w *Writer)
}

// reply is an answer as it goes out: the outcome of a call in the words of the wire.
type reply struct {
	ErrorRow
	answer  Answer
	refusal *Refusal // of the gateway layer; nil with HTTP 200
}

const success = "OK"

// replyTo puts the outcome of a call into the words of the wire. Every refusal goes through the error table here, and only here.
func replyTo(a Answer, err error) reply {
	if err == nil && a.Code == "" {
		return reply{ErrorRow: ErrorRow{Code: success, Status: http.StatusOK, Message: success}, answer: a}
	}
	refusal := &Refusal{Kind: a.Code, Message: a.Message}
	if err != nil {
		refusal, _ = refusalOf(err)
		a.Members = nil
	}
	r := reply{ErrorRow: refusal.row(), answer: a}
	if r.Status != http.StatusOK {
		r.refusal = refusal
	}
	return r
}

var writers = sync.Pool{New: func() any { return new(Writer) }}

// answer writes the answer to a request. It is the only function that does.
func (s *Server) answer(x *exchange, r *reply) {
	w, ok := writers.Get().(*Writer)
	if !ok {
		w = new(Writer)
	}
	if err := s.render(w, x, r); err != nil {
		*r = replyTo(Answer{OperationID: r.answer.OperationID}, err)
		_ = s.render(w, x, r) // an internal error runs nothing of an operation's
	}
	x.setHeaders(r, len(w.buf))
	x.writer.WriteHeader(r.Status)
	if x.http.Method != http.MethodHead {
		_, _ = x.writer.Write(w.buf) // the client has gone; there is nobody left to tell
	}
	const keep = 64 << 10
	if cap(w.buf) <= keep {
		writers.Put(w)
	}
}

// render puts the whole answer into the writer before anything is sent, so that a mistake in an operation's part of it can
// still become an answer.
func (s *Server) render(w *Writer, x *exchange, r *reply) (err error) {
	defer s.recoverInto(x, &err)
	*w = Writer{buf: w.buf[:0], xml: x.xml}
	if r.Status == http.StatusOK {
		x.writeEnvelope(w, r)
	} else {
		x.writeError(w, r, s.registry.product)
	}
	return nil
}

// setHeaders sets the headers that every answer of the official gateway has. The content types are spelt as official clients
// compare them: with a blank behind the semicolon, one of them takes XML for broken JSON.
func (x *exchange) setHeaders(r *reply, length int) {
	contentType := "application/json;charset=utf-8"
	if x.xml {
		contentType = "text/xml;charset=utf-8"
	}
	values := []string{contentType, x.RequestID, x.traceID, "*", strconv.Itoa(length), ""}
	h := x.writer.Header()
	for i, key := range [...]string{"Content-Type", "X-Acs-Request-Id", "X-Acs-Trace-Id", "Access-Control-Allow-Origin", "Content-Length"} {
		h[key] = values[i : i+1 : i+1]
	}
	if r.answer.OperationID != 0 {
		values[5] = strconv.FormatInt(r.answer.OperationID, 10)
		h["X-Rollcall-Operation-Id"] = values[5:6:6]
	}
	if r.Status == http.StatusMethodNotAllowed {
		h.Set("Allow", "GET, POST")
	}
	if r.refusal != nil && r.refusal.throttle != nil {
		r.refusal.throttle.write(h)
	}
}

// writeEnvelope writes an answer of the business layer. AccessDeniedDetail is left out: typed clients take only text there.
func (x *exchange) writeEnvelope(w *Writer, r *reply) {
	w.document(x.operation.Action+"Response", func() {
		if x.operation.RAMStyle {
			w.Text("RequestId", x.RequestID)
			if r.answer.Members != nil {
				r.answer.Members(w)
			}
			return
		}
		w.Text("Message", r.Message)
		w.Text("RequestId", x.RequestID)
		w.Text("Code", r.Code)
		if !x.operation.NoSuccess {
			w.Bool("Success", r.Code == success)
		}
		if r.answer.Members != nil {
			r.answer.Members(w)
		}
	})
}

// writeError writes an answer of the gateway layer.
func (x *exchange) writeError(w *Writer, r *reply, product string) {
	if x.operation != nil {
		product = x.operation.product()
	}
	w.document("Error", func() {
		w.Text("RequestId", x.RequestID)
		w.Text("HostId", x.http.Host)
		w.Text("Code", r.Code)
		w.Text("Message", r.Message)
		w.link("Recommend", "https://api.aliyun.com/troubleshoot?q="+url.QueryEscape(r.Code)+
			"&product="+url.QueryEscape(product)+"&requestId="+x.RequestID)
		if d := r.refusal.detail; d != nil {
			w.Object("AccessDeniedDetail", func() { writeDetail(w, d) })
		}
	})
}

// link writes an address; the official gateway puts it into a CDATA section. It holds no bracket, being escaped.
func (w *Writer) link(name, address string) {
	if !w.xml {
		w.Text(name, address)
		return
	}
	w.begin(name)
	w.buf = append(append(append(w.buf, "<![CDATA["...), address...), "]]>"...)
	w.end(name)
}

func writeDetail(w *Writer, d *ram.AccessDeniedDetail) {
	w.Text("AuthAction", d.AuthAction)
	w.Text("AuthPrincipalType", d.AuthPrincipalType)
	w.Text("AuthPrincipalDisplayName", d.AuthPrincipalDisplayName)
	w.Text("AuthPrincipalOwnerId", d.AuthPrincipalOwnerId)
	w.Text("PolicyType", d.PolicyType)
	w.Text("NoPermissionType", d.NoPermissionType)
	w.Text("EncodedDiagnosticMessage", d.EncodedDiagnosticMessage)
}
