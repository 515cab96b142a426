package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// flusher brings SQLite's log to the disk behind the writer, and only then has transactions answered: the writer runs the next
// ones meanwhile. It takes one commit at a time, so that as many as come share one flush.
type flusher struct {
	flush   func() error // waits until what has been written to the log so far is on the disk
	close   func() error
	log     *slog.Logger
	handed  chan commit
	free    chan struct{} // holds something when a commit can be handed over
	done    chan struct{}
	applied atomic.Int64 // the last commit that a reader may have seen

	mu      sync.Mutex
	flushed int64 // the last commit that is on the disk
	broken  error // a flush has failed, so that nobody knows what the disk holds
	waiting []reader
}

// commit is what one common commit of the writer has to answer.
type commit struct {
	number int64
	jobs   []*job
	wrote  bool // something of it is in the log
}

// reader waits until what it has seen is on the disk.
type reader struct {
	number int64
	done   chan error
}

// openFlusher begins to flush the log of a database that is open. The log file stays the same one for as long as a connection
// is.
func openFlusher(path string, log *slog.Logger) (*flusher, error) {
	file, err := os.OpenFile(path+"-wal", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	f := &flusher{flush: func() error { return flushData(file) }, close: file.Close, log: log,
		handed: make(chan commit), free: make(chan struct{}, 1), done: make(chan struct{})}
	f.free <- struct{}{}
	if err := errors.Join(file.Sync(), syncFolder(filepath.Dir(path))); err != nil { // a log that is new needs its name, too
		return nil, errors.Join(fmt.Errorf("bring the log to the disk: %w", err), file.Close())
	}
	go f.loop()
	return f, nil
}

func (f *flusher) loop() {
	defer close(f.done)
	for c := range f.handed {
		f.settle(c)
		f.free <- struct{}{}
	}
}

// settle flushes and answers everybody. After a flush that has failed nothing is believed any more: the system may have
// dropped what it could not write, and would call the next flush a success.
func (f *flusher) settle(c commit) {
	err := f.failure()
	if err == nil && c.wrote {
		if err = f.flush(); err != nil {
			err = fmt.Errorf("bring the log to the disk: %w", err)
			f.log.Error("nothing can be written any more; look after the disk, then start again", "error", err)
		}
	}
	for _, j := range c.jobs {
		if err != nil {
			j.err = err
		}
		j.result <- j.err
	}
	f.release(c.number, err)
}

// release lets go the readers who have seen nothing later.
func (f *flusher) release(number int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flushed = number
	if f.broken == nil {
		f.broken = err
	}
	still := f.waiting[:0]
	for _, r := range f.waiting {
		if r.number > number && err == nil {
			still = append(still, r)
		} else {
			r.done <- err
		}
	}
	clear(f.waiting[len(still):])
	f.waiting = still
}

// failure tells why nothing can be brought to the disk any more, nil as long as it can.
func (f *flusher) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}

// wait waits until everything that a reader can have seen by now is on the disk.
func (f *flusher) wait() error {
	number := f.applied.Load()
	f.mu.Lock()
	if f.broken != nil || f.flushed >= number {
		defer f.mu.Unlock()
		return f.broken
	}
	r := reader{number, make(chan error, 1)}
	f.waiting = append(f.waiting, r)
	f.mu.Unlock()
	return <-r.done
}

// stop ends the flusher once everything that was handed over is answered.
func (f *flusher) stop() error {
	close(f.handed)
	<-f.done
	return f.close()
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
