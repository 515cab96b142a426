package ramapi

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/ram"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// The sizes of a page.
const (
	mostItems    = 1000
	defaultItems = 100
)

// page is a part of a list, and where the next begins.
type page[T any] struct {
	rows   []T
	marker string // "" on the last page
}

// cut takes the page of a list that Marker and MaxItems ask for. The list is ordered by key, which no two rows share; a marker holds the
// key of the row before, so that what comes or goes meanwhile moves no other row from one page to another.
func cut[T any](p rpc.Params, list []T, key func(*T) string) (page[T], error) {
	most, sent, err := p.Integer("MaxItems")
	if err != nil || sent && (most < 1 || most > mostItems) {
		return page[T]{}, &ram.Error{Code: "InvalidParameter.MaxItems", Message: "MaxItems must be 1 to 1000."}
	}
	if !sent {
		most = defaultItems
	}
	after, err := base64.RawURLEncoding.DecodeString(p.Text("Marker"))
	if err != nil {
		return page[T]{}, &ram.Error{Code: "InvalidParameter.Marker", Message: "Marker must be the Marker of the page before, unchanged."}
	}
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(key(&a), key(&b)) })
	if len(after) > 0 {
		list = slices.DeleteFunc(list, func(row T) bool { return key(&row) <= string(after) })
	}
	if int64(len(list)) <= most {
		return page[T]{rows: list}, nil
	}
	return page[T]{list[:most], base64.RawURLEncoding.EncodeToString([]byte(key(&list[most-1])))}, nil
}

// write writes the members that tell whether there is more.
func (g *page[T]) write(w *rpc.Writer) {
	w.Bool("IsTruncated", g.marker != "")
	if g.marker != "" {
		w.Text("Marker", g.marker)
	}
}

// list writes a list as RAM does: an object that has nothing but the list in it.
func list[T any](w *rpc.Writer, name, row string, rows []T, write func(w *rpc.Writer, row *T)) {
	w.Object(name, func() {
		w.List(row, len(rows), func(i int) { write(w, &rows[i]) })
	})
}

var pageParameters = []string{"Marker", "MaxItems"}

var pageFields = []rpc.Field{
	{Name: "IsTruncated", Type: "boolean", About: "Whether there are more."},
	{Name: "Marker", Type: "string", About: "Where the next page begins; only if there is one."},
}
