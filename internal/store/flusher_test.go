package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rollcall-im/rollcall/internal/store"
)

// P3: neither is a transaction answered, nor what it wrote shown to anybody who may tell of it, before the log is on the disk.
func TestP3AnsweredOnceOnDisk(t *testing.T) {
	s := sqliteFile(t)(t)
	flushes, goOn := make(chan struct{}, 3), make(chan struct{})
	s.Flushing(func(flush func() error) error {
		flushes <- struct{}{}
		<-goOn
		return flush()
	})
	answer, seen := make(chan error), make(chan []int64)
	for id := int64(1); id < 3; id++ {
		go func() { answer <- s.Write(context.Background(), account(id)) }()
		<-flushes
		err := s.ReadAhead(context.Background(), func(tx *store.Tx) error { // it is in the log already
			_, err := tx.Account(id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() { seen <- accountIDs(t, s) }()
		select {
		case err := <-answer:
			t.Fatalf("a transaction was answered %v before its log was on the disk", err)
		case ids := <-seen:
			t.Fatalf("accounts %v were shown before their log was on the disk", ids)
		default:
		}
		goOn <- struct{}{}
		if err := <-answer; err != nil {
			t.Error(err)
		}
		if ids := <-seen; len(ids) != int(id) {
			t.Errorf("accounts %v were shown", ids)
		}
	}
}

// P3: once a flush has failed, nobody knows what the disk holds, and nothing is called written any more.
func TestP3AFailedFlushIsForEver(t *testing.T) {
	s := sqliteFile(t)(t)
	write(t, s, account(1))
	broken, flushes := errors.New("the disk is broken"), 0
	s.Flushing(func(func() error) error {
		flushes++
		if flushes == 1 {
			return broken
		}
		return nil
	})
	for id := int64(2); id < 5; id++ {
		if err := s.Write(context.Background(), account(id)); !errors.Is(err, broken) {
			t.Errorf("a transaction was answered %v", err)
		}
	}
	err := s.Read(context.Background(), func(*store.Tx) error { return nil })
	if !errors.Is(err, broken) {
		t.Errorf("a reading was answered %v", err)
	}
	if flushes != 1 {
		t.Errorf("%d flushes were made", flushes)
	}
}

// What changes nothing does not wait for the disk.
func TestNothingToFlush(t *testing.T) {
	s := sqliteFile(t)(t)
	s.Flushing(func(func() error) error {
		t.Error("the log was flushed")
		return nil
	})
	refused := errors.New("refused")
	if err := s.Write(context.Background(), func(*store.Tx) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("it was answered %v", err)
	}
	same(t, []int64(nil), accountIDs(t, s))
}
