package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/receipt"
	"github.com/rollcall-im/rollcall/internal/store"
)

// LatestCursor is the cursor that stands for the end of what there is.
const LatestCursor = "latest"

// cursorPrefix tells cursors of this form from those of another one.
const cursorPrefix = "1-"

// Told is one event as customers get it.
type Told struct {
	store.Receipt
	Kind string // of the receipt
	Item json.RawMessage
}

// EventList says which part of what there is to tell is wanted.
type EventList struct {
	Cursor string // "" for the oldest that is kept, LatestCursor for the end
	Size   int
}

// Events gives what there is to tell of a number, or of one group, behind a cursor, and the cursor to go on from. Nothing is passed over,
// however late it is committed, and what happened in one group comes in its order. Refusals: NotOwner, NotFound, BadCursor.
func (g *Gateway) Events(ctx context.Context, c Caller, t Target, list EventList) (events []Told, next string, err error) {
	n, err := g.owned(c, t)
	if err != nil {
		return nil, "", err
	}
	after, err := parseCursor(list.Cursor)
	if err != nil {
		return nil, "", err
	}
	if err := g.placeEvents(ctx, n.Number, list.Cursor == LatestCursor); err != nil {
		return nil, "", err
	}
	var rows []store.Receipt
	var end int64
	err = g.store.Read(ctx, func(tx *store.Tx) error {
		groupID, err := groupOf(tx, n, t.GroupID)
		if err != nil {
			return err
		}
		if end, err = tx.LastPlace(n.Number); err != nil || list.Cursor == LatestCursor {
			return err
		}
		rows, err = tx.Receipts(store.Stream{AccountID: n.AccountID, Number: n.Number, GroupID: groupID, After: after, To: end, Most: list.Size})
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if len(rows) == list.Size {
		end = rows[len(rows)-1].Place
	}
	events, err = told(rows, receipt.Sender{SpaceID: n.SpaceID, WABAID: n.WABAID})
	return events, cursorPrefix + strconv.FormatInt(max(after, end), 36), err
}

func told(rows []store.Receipt, from receipt.Sender) ([]Told, error) {
	events := make([]Told, 0, len(rows))
	for i := range rows {
		item, err := receipt.Item(&rows[i], from)
		if err != nil {
			return nil, err
		}
		events = append(events, Told{Receipt: rows[i], Kind: receipt.KindOf(rows[i].Kind), Item: item})
	}
	return events, nil
}

func parseCursor(text string) (int64, error) {
	if text == "" || text == LatestCursor {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(text, cursorPrefix)
	place, err := strconv.ParseInt(digits, 36, 64)
	if !ok || err != nil || place < 0 {
		return 0, group.Errorf(group.CodeBadCursor, "Cursor must be a NextCursor of this operation, %s for what is still to come, or left out to begin with the oldest.", LatestCursor)
	}
	return place, nil
}

// groupOf gives our key of a group of the number, also of one that was deleted; 0 where none is named.
func groupOf(tx *store.Tx, n *group.BusinessNumber, networkID string) (int64, error) {
	if networkID == "" {
		return 0, nil
	}
	gr, err := tx.GroupByNetworkID(networkID)
	switch {
	case errors.Is(err, store.ErrNoRow):
		return 0, group.ErrNotFound
	case err != nil:
		return 0, err
	case gr.Number != n.Number || gr.SpaceID != n.ChannelID:
		return 0, group.ErrNotFound
	}
	return gr.ID, nil
}

// placings is how often events are placed for one call. More than that has gathered only where nobody has pulled for long; it comes with
// the next call.
const placings = 10

// placeEvents gives what was committed its place in the stream, where keys do not tell it. For the end of the stream all of it is needed.
func (g *Gateway) placeEvents(ctx context.Context, n group.Number, all bool) error {
	waiting := false
	err := g.store.Read(ctx, func(tx *store.Tx) (err error) {
		waiting, err = tx.Unplaced(n)
		return err
	})
	for i := 0; waiting && err == nil && (all || i < placings); i++ {
		err = g.store.Write(ctx, func(tx *store.Tx) (err error) {
			waiting, err = tx.PlaceEvents(n)
			return err
		})
	}
	return err
}
