package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// free tells how much room is left, to the byte.
func (b *Bodies) free(most int64) int64 {
	return int64(sort.Search(int(most), func(n int) bool {
		fits := b.room.TryAcquire(int64(n) + 1)
		if fits {
			b.room.Release(int64(n) + 1)
		}
		return !fits
	}))
}

// TestBodiesGiveBack: whatever is read and however it ends, the bytes are those that were sent and the room is free again.
func TestBodiesGiveBack(t *testing.T) {
	const most = 1 << 18
	broken := errors.New("broken")
	rapid.Check(t, func(t *rapid.T) {
		b := NewBodies(most)
		sent := bytes.Repeat([]byte("0123456789abcdef"), rapid.IntRange(0, 5000).Draw(t, "sixteens"))
		var r io.Reader = bytes.NewReader(sent)
		if rapid.Bool().Draw(t, "in halves") {
			r = iotest.HalfReader(r)
		}
		breaks := rapid.Bool().Draw(t, "breaks")
		if breaks {
			r = io.MultiReader(r, iotest.ErrReader(broken))
		}
		got, release, err := b.Read(t.Context(), r)
		switch {
		case breaks != errors.Is(err, broken):
			t.Fatalf("error %v", err)
		case err == nil && !bytes.Equal(got, sent):
			t.Fatalf("%d bytes are read as %d", len(sent), len(got))
		case err == nil && len(sent) > smallBody && most-b.free(most) < int64(len(sent)):
			t.Fatalf("%d bytes take %d of the room", len(sent), most-b.free(most))
		}
		release()
		if free := b.free(most); free != most {
			t.Fatalf("%d bytes of the room are lost", most-free)
		}
	})
}

// TestBodiesWait: a body waits for room for a while, and small ones do not stand behind it.
func TestBodiesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBodies(64 << 10)
		_, release, err := b.Read(t.Context(), strings.NewReader(strings.Repeat("x", 20<<10)))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 2)
		read := func(ctx context.Context) {
			_, release, err := b.Read(ctx, strings.NewReader(strings.Repeat("x", 20<<10)))
			release()
			ended <- err
		}
		began := time.Now()
		read(t.Context())
		if err := <-ended; !errors.Is(err, ErrNoRoom) || time.Since(began) != roomWait {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		gone, cancel := context.WithCancel(t.Context())
		go read(t.Context())
		go read(gone)
		synctest.Wait()
		if _, release, err := b.Read(t.Context(), strings.NewReader(strings.Repeat("x", smallBody-1))); err != nil || time.Since(began) != roomWait {
			t.Errorf("a small body: %v", err)
		} else {
			release()
		}
		cancel()
		if err := <-ended; !errors.Is(err, ErrNoRoom) {
			t.Errorf("whose client has gone: %v", err)
		}
		release()
		if err := <-ended; err != nil || time.Since(began) != roomWait {
			t.Errorf("room came free, and after %s: %v", time.Since(began)-roomWait, err)
		}
	})
}

// TestManyAnnounceMuch: connections that announce a megabyte and send a little of it take what they have sent, and calls are
// answered all the same; those that send more than there is room for are told to come again.
func TestManyAnnounceMuch(t *testing.T) {
	const room = 1 << 20
	bodies := NewBodies(room)
	w := newWorld(t, func(c *Config) { c.Limits.Bodies = bodies })
	answers := make(chan int, 400)
	hold := func(sent int) *io.PipeWriter {
		in, out := io.Pipe()
		r := httptest.NewRequest(http.MethodPost, "http://x/?Action=ListSilently&Version="+testVersion, in)
		r.ContentLength = 1 << 20
		go func() {
			recorder := httptest.NewRecorder()
			w.ServeHTTP(recorder, r)
			_ = in.Close()
			answers <- recorder.Code
		}()
		_, _ = out.Write(bytes.Repeat([]byte("a"), sent)) // ends early when the request is refused
		return out
	}
	var little []*io.PipeWriter
	for range 300 {
		little = append(little, hold(smallBody-1))
	}
	if free := bodies.free(room); free != room {
		t.Errorf("300 small beginnings take %d bytes", room-free)
	}
	w.expect(w.call(request{action: "DeleteThing", body: "GroupId=" + strings.Repeat("1", 100<<10), form: true}), 200, "OK")
	var much []*io.PipeWriter
	for range 7 {
		much = append(much, hold(65<<10))
	}
	w.expect(w.call(request{action: "DeleteThing", body: "GroupId=" + strings.Repeat("1", 100<<10), form: true}), 503, "ServiceUnavailable")
	w.expect(w.call(request{action: "DeleteThing", body: "GroupId=1", form: true}), 200, "OK")
	for _, out := range append(little, much...) {
		_ = out.CloseWithError(io.ErrUnexpectedEOF)
	}
	for range len(little) + len(much) {
		if status := <-answers; status != http.StatusBadRequest {
			t.Fatalf("a body that was cut off is answered %s", fmt.Sprint(status))
		}
	}
	if free := bodies.free(room); free != room {
		t.Errorf("%d bytes of the room are lost", room-free)
	}
}
