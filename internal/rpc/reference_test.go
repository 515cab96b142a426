package rpc_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/rpc"
)

// TestReferenceListsEveryCode keeps the page that users read at what the table says.
func TestReferenceListsEveryCode(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Count(string(page), "| official |") + strings.Count(string(page), "| ours |")
	if rows := rpc.ErrorTable(); listed != len(rows) {
		t.Errorf("docs/api.md lists %d codes, the table has %d", listed, len(rows))
	}
	for _, r := range rpc.ErrorTable() {
		origin := "official"
		if r.Extension {
			origin = "ours"
		}
		row := fmt.Sprintf("| `%s` | %d | %s |", strings.ReplaceAll(r.Code, "%s", "<Name>"), r.Status, origin)
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/api.md lacks the row %s", row)
		}
	}
}
