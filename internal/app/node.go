package app

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// node gives the number by which this data directory's server is known among those that share a database. It is drawn once, so that a
// server that starts again goes on at once with the lanes it had. In a file there is no other node, and no number.
func (d Data) node() (int64, error) {
	if !d.elsewhere() {
		return 0, nil
	}
	text, err := os.ReadFile(d.path(nodeFile))
	if errors.Is(err, fs.ErrNotExist) {
		id := 1 + rand.Int64N(1<<53) //nolint:gosec // it only has to be another one than the others'
		err = writeWhole(d.path(nodeFile), []byte(strconv.FormatInt(id, 10)+"\n"))
		return id, err
	}
	if err != nil {
		return 0, fmt.Errorf("read the number of this node: %w", err)
	}
	id, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("%s does not hold a number; delete it, and a new one is drawn", d.path(nodeFile))
	}
	return id, nil
}
