package simulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
)

// stateLog is an append-only file of JSON lines, one for each change together with the webhooks that tell of it. A line
// is written with one write(2) and no fsync: it survives the death of the process, not a loss of power.
type stateLog struct {
	mu   sync.Mutex
	file *os.File // nil = memory only
	err  error    // the first failure; nothing may follow a line that could be torn
}

// line is the form in which an entry is read back.
type line struct {
	Kind     string          `json:"kind"`
	Change   json.RawMessage `json:"change"`
	Webhooks []*webhook      `json:"webhooks"`
}

// webhookDone says that a webhook was delivered or given up.
type webhookDone struct {
	ID int64 `json:"id"`
}

func (*webhookDone) kind() string     { return "webhook_done" }
func (*webhookDone) apply(*Simulator) {}

// commit writes a change down and then makes it.
func (s *Simulator) commit(c change, webhooks []*webhook) error {
	if err := s.log.append(c, webhooks); err != nil {
		return err
	}
	c.apply(s)
	return nil
}

func (l *stateLog) append(c change, webhooks []*webhook) error {
	text := lineBuffers.Get().(*lineBuffer) //nolint:errcheck // nothing else is put in
	defer lineBuffers.Put(text)
	text.Reset()
	if l.file != nil { // set before anybody else sees the log, and never again
		if err := text.encode(c, webhooks); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.file == nil {
		return l.err
	}
	if _, err := l.file.Write(text.Bytes()); err != nil {
		l.err = fmt.Errorf("write state log: %w", err)
	}
	return l.err
}

// lineBuffer is where a line is put together.
type lineBuffer struct {
	bytes.Buffer
	json *json.Encoder // into the buffer
}

var lineBuffers = sync.Pool{New: func() any {
	b := new(lineBuffer)
	b.json = json.NewEncoder(&b.Buffer)
	return b
}}

// encode writes the frame by hand, so that the bodies of webhooks, which are JSON already, are not parsed again.
func (b *lineBuffer) encode(c change, webhooks []*webhook) error {
	b.WriteString(`{"kind":"`)
	b.WriteString(c.kind())
	b.WriteString(`","change":`)
	if plain, ok := appendPlain(b.AvailableBuffer(), c); ok {
		b.Write(plain)
	} else {
		if err := b.json.Encode(c); err != nil {
			return fmt.Errorf("encode %s for the state log: %w", c.kind(), err)
		}
		b.Truncate(b.Len() - 1) // the encoder ends its lines itself
	}
	for i, w := range webhooks {
		b.WriteString([...]string{`,"webhooks":[`, `,`}[min(i, 1)])
		w.encode(&b.Buffer)
	}
	if len(webhooks) > 0 {
		b.WriteByte(']')
	}
	b.WriteString("}\n")
	return nil
}

func (l *stateLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	broken := l.err
	l.err = errClosed
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	if broken != nil {
		return broken
	}
	return err
}

// openLog replays the log, rewrites it compactly, opens it for appending, and returns the webhooks that still have to be
// delivered, oldest first.
func (s *Simulator) openLog() ([]*webhook, error) {
	if s.config.Path == "" {
		return nil, nil
	}
	waiting, err := s.replay(s.config.Path)
	if err != nil {
		return nil, err
	}
	if err := s.compact(s.config.Path, waiting); err != nil {
		return nil, err
	}
	s.log.file, err = os.OpenFile(s.config.Path, os.O_WRONLY|os.O_APPEND, 0)
	return waiting, err
}

func (s *Simulator) replay(path string) ([]*webhook, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	waiting := map[int64]*webhook{}
	lines := bufio.NewReaderSize(file, 1<<20)
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what is left has no end: it is torn, and nobody was told of it
		}
		if err == nil {
			err = s.replayLine(text, waiting)
		}
		if err != nil {
			return nil, fmt.Errorf("replay line %d of %s: %w", number, path, err)
		}
	}
	return slices.SortedFunc(maps.Values(waiting), byWebhookID), nil
}

func (s *Simulator) replayLine(text []byte, waiting map[int64]*webhook) (err error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	for _, w := range l.Webhooks {
		waiting[w.ID] = w
		s.pump.seen(w.ID)
	}
	if l.Kind == "webhook_done" {
		var done webhookDone
		err := json.Unmarshal(l.Change, &done)
		delete(waiting, done.ID)
		return err
	}
	if l.Kind == "webhook" {
		return nil
	}
	make, ok := changes[l.Kind]
	if !ok {
		return fmt.Errorf("no change is called %q", l.Kind)
	}
	c := make()
	if err := json.Unmarshal(l.Change, c); err != nil {
		return err
	}
	if holder, ok := c.(interface{ steps() []*step }); ok && slices.ContainsFunc(holder.steps(), (*step).broken) {
		return fmt.Errorf("%s holds a step that cannot be carried out", l.Kind)
	}
	defer func() {
		// A line that names something the log never introduced; the file was edited or mixed up.
		if r := recover(); r != nil {
			err = fmt.Errorf("apply %s: %v", l.Kind, r)
		}
	}()
	c.apply(s)
	return nil
}

// compact writes the present state to a new file and puts it in the old one's place.
func (s *Simulator) compact(path string, waiting []*webhook) (err error) {
	fresh := path + ".new"
	file, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err == nil {
			err = os.Rename(fresh, path)
		}
	}()
	out := bufio.NewWriterSize(file, 1<<20)
	b := lineBuffers.New().(*lineBuffer) //nolint:errcheck // New makes nothing else
	for c, webhooks := range s.snapshot(waiting) {
		b.Reset()
		if err := b.encode(c, webhooks); err != nil {
			return err
		}
		if _, err := out.Write(b.Bytes()); err != nil {
			return err
		}
	}
	return out.Flush()
}
