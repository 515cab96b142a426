package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/rpc/cams"
	"github.com/rollcall-im/rollcall/internal/store"
)

// serveNoDatabase is the whole way of a call but for the change itself: the product's server with signature, time, nonce,
// policy, the reading of the list and the answer. What is left of the database is the look at the generation of accounts and
// policies, one row that every call reads.
func serveNoDatabase(args []string) error {
	if len(args) != 1 {
		return errors.New("no-database needs a data folder")
	}
	db, err := openStore(context.Background(), args[0])
	if err != nil {
		return err
	}
	h, err := noDatabase(db)
	if err != nil {
		return err
	}
	return serveOwn(h)
}

func noDatabase(db *store.Store) (http.Handler, error) {
	gw := gateway.New(gateway.Config{Store: db})
	operations := cams.Operations(gw)
	at := slices.IndexFunc(operations, func(o rpc.Operation) bool { return o.Action == removalAction })
	if at < 0 {
		return nil, fmt.Errorf("there is no operation %s", removalAction)
	}
	operations[at].Run = answerAtOnce
	key := make([]byte, 32) // nobody else remembers these nonces
	return rpc.New(rpc.Config{Gateway: gw, Operations: operations, Keys: rpc.Keys{Nonce: key, Diagnostic: key},
		Telemetry: rpc.Telemetry{Metrics: prometheus.NewRegistry()}})
}

// answerAtOnce reads a removal and says that all of it is done.
func answerAtOnce(_ context.Context, c *rpc.Call) (rpc.Answer, error) {
	_, people, err := cams.ReadRemoval(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	const operation = 1 // an operation holds the call's nonce, so that it is not logged besides
	return rpc.Answer{OperationID: operation, Members: func(w *rpc.Writer) { w.Number("Result", int64(len(people))) }}, nil
}

// openStore opens the database of a data folder.
func openStore(ctx context.Context, dir string) (*store.Store, error) {
	key, err := readKey(dir)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Config{Path: filepath.Join(dir, databaseFile), SealKey: key})
}
