package store

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"zombiezen.com/go/sqlite"
)

// copyHeader begins what COPY reads in binary: a signature, no flags, no extension (PostgreSQL's documentation of COPY).
const copyHeader = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// copyBuffer writes rows in that form.
type copyBuffer struct {
	bytes []byte
	read  int
}

func newCopyBuffer() *copyBuffer { return &copyBuffer{bytes: []byte(copyHeader)} }

func (b *copyBuffer) begin(columns int) {
	b.bytes = binary.BigEndian.AppendUint16(b.bytes, uint16(columns)) //nolint:gosec // a table has few
}

func (b *copyBuffer) null() { b.bytes = append(b.bytes, 0xff, 0xff, 0xff, 0xff) }

func (b *copyBuffer) int(size int, v int64) {
	b.bytes = binary.BigEndian.AppendUint32(b.bytes, uint32(size)) //nolint:gosec // 2, 4 or 8
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		b.bytes = append(b.bytes, byte(v>>shift)) //nolint:gosec // the byte at that place
	}
}

func (b *copyBuffer) text(s string) {
	b.bytes = append(binary.BigEndian.AppendUint32(b.bytes, uint32(len(s))), s...) //nolint:gosec // bounded by what a request can hold
}

func (b *copyBuffer) end() { b.bytes = append(b.bytes, 0xff, 0xff) }

// Read gives what was written and not read yet.
func (b *copyBuffer) Read(p []byte) (int, error) {
	n := copy(p, b.bytes[b.read:])
	if b.read += n; n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// copyRows reads a table of the file as COPY wants it. The rows are made while they are read, some thousand at a time.
type copyRows struct {
	table  *copyTable
	source *Tx
	stmt   *sqlite.Stmt
	buffer *copyBuffer
	done   bool
	err    error // of the file; COPY tells only that something is wrong
}

// copyBatch is how many bytes are made at once.
const copyBatch = 256 << 10

func (r *copyRows) open() (err error) {
	c, ok := r.source.db.(*conn)
	if !ok {
		return fmt.Errorf("the source is %T and no file", r.source.db)
	}
	query := "SELECT " + r.table.names() + " FROM " + quoted(r.table.name)
	if r.table.order != "" {
		query += " ORDER BY " + r.table.order
	}
	r.stmt, _, err = c.sqlite.PrepareTransient(query)
	r.buffer = newCopyBuffer()
	return err
}

func (r *copyRows) close() error { return r.stmt.Finalize() }

// Read is what COPY reads from.
func (r *copyRows) Read(p []byte) (int, error) {
	if r.buffer.read == len(r.buffer.bytes) && !r.done {
		r.buffer.bytes, r.buffer.read = r.buffer.bytes[:0], 0
	}
	for len(r.buffer.bytes) < copyBatch && !r.done && r.buffer.read == 0 {
		if r.err = r.one(); r.err != nil {
			return 0, r.err
		}
	}
	return r.buffer.Read(p)
}

// one makes the next row, or the end.
func (r *copyRows) one() error {
	more, err := r.stmt.Step()
	if err != nil {
		return err
	}
	if !more {
		r.done = true
		r.buffer.end()
		return nil
	}
	r.buffer.begin(len(r.table.columns))
	for i := range r.table.columns {
		if err := r.value(i); err != nil {
			return err
		}
	}
	return nil
}

func (r *copyRows) value(i int) error {
	column := &r.table.columns[i]
	switch {
	case r.stmt.ColumnIsNull(i):
		r.buffer.null()
	case column.kind.oid == oidText:
		r.buffer.text(legible(r.stmt.ColumnText(i)))
	case column.kind.oid == oidBytes:
		b := make([]byte, r.stmt.ColumnLen(i))
		r.buffer.text(string(b[:r.stmt.ColumnBytes(i, b)]))
	default:
		v := r.stmt.ColumnInt64(i)
		if limit := int64(math.MaxInt64) >> (64 - 8*column.kind.size); v > limit || v < -limit-1 {
			return fmt.Errorf("column %s of table %s holds %d, which is too great for PostgreSQL", column.name, r.table.name, v)
		}
		r.buffer.int(column.kind.size, v)
	}
	return nil
}
