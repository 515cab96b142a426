package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// copyTable is a table that both databases have.
type copyTable struct {
	name    string
	columns []copyColumn
	order   string // of the rows in the file, so that they are read as they lie there
	copied  int64
}

type copyColumn struct {
	name string
	kind columnKind
}

// columnKind is how PostgreSQL wants the values of a column.
type columnKind struct {
	oid  uint32
	size int // bytes of a number
}

// PostgreSQL's keys of the types that our tables are made of, in its catalogue.
const (
	oidInt8, oidInt4, oidInt2 = 20, 23, 21
	oidText, oidBytes         = 25, 17
)

var columnKinds = map[string]columnKind{"int8": {oidInt8, 8}, "int4": {oidInt4, 4}, "int2": {oidInt2, 2}, "text": {oidText, 0}, "bytea": {oidBytes, 0}}

// Tables that one database alone has: what each says of itself, and what nodes need among themselves.
var ownTables = []string{"goose_db_version", "installation", "nonce", "node", "inbox", "throttle"}

func (c *copyTable) column(name string) *copyColumn {
	for i := range c.columns {
		if c.columns[i].name == name {
			return &c.columns[i]
		}
	}
	return nil
}

func (c *copyTable) names() string {
	names := make([]string, len(c.columns))
	for i, column := range c.columns {
		names[i] = quoted(column.name)
	}
	return strings.Join(names, ", ")
}

// into is the statement that takes the rows. They count as seen by everybody at once, for nobody can have seen the table empty.
func (c *copyTable) into() string {
	return "COPY " + quoted(c.name) + " (" + c.names() + ") FROM STDIN (FORMAT binary, FREEZE)"
}

// readSchemas learns from the databases themselves what there is to be copied. What the file has and PostgreSQL has not would be
// lost, so it is refused.
func (t *Transfer) readSchemas(ctx context.Context) error {
	there, err := t.postgresTables(ctx)
	if err != nil {
		return err
	}
	here, err := all(t.source, scanText, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name")
	if err != nil {
		return fmt.Errorf("read the tables of the file: %w", err)
	}
	for _, name := range here {
		if slices.Contains(ownTables, name) {
			continue
		}
		table, err := t.readTable(name, there[name])
		if err != nil {
			return err
		}
		delete(there, name)
		t.tables = append(t.tables, table)
	}
	for name := range there {
		if !slices.Contains(ownTables, name) {
			return fmt.Errorf("table %s is not in the file, and it is not known how to fill it", name)
		}
	}
	return nil
}

func scanText(row scanner) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}

// postgresTables gives the columns of each table.
func (t *Transfer) postgresTables(ctx context.Context) (map[string][]copyColumn, error) {
	results, err := t.pg.Exec(ctx, `SELECT c.relname, a.attname, y.typname FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		JOIN pg_type y ON y.oid = a.atttypid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum`).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the tables of the database: %w", err)
	}
	tables := map[string][]copyColumn{}
	for _, row := range results[0].Rows {
		name, column, kind := string(row[0]), string(row[1]), string(row[2])
		known, ok := columnKinds[kind]
		if !ok && !slices.Contains(ownTables, name) {
			return nil, fmt.Errorf("column %s of table %s is of type %s, and it is not known how to fill it", column, name, kind)
		}
		tables[name] = append(tables[name], copyColumn{column, known})
	}
	return tables, nil
}

// readTable compares the columns of a table in the file with those that PostgreSQL has.
func (t *Transfer) readTable(name string, columns []copyColumn) (copyTable, error) {
	table := copyTable{name: name, columns: columns}
	here, err := all(t.source, scanText, "SELECT name FROM pragma_table_info($1)", name)
	if err != nil {
		return table, fmt.Errorf("read the columns of table %s: %w", name, err)
	}
	for _, column := range here {
		if table.column(column) == nil {
			return table, fmt.Errorf("column %s of table %s is in the file and not in the database", column, name)
		}
	}
	for _, column := range columns {
		if !slices.Contains(here, column.name) {
			return table, fmt.Errorf("column %s of table %s is not in the file, and it is not known how to fill it", column.name, name)
		}
	}
	keys, err := all(t.source, scanText, "SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk", name)
	for i, key := range keys {
		keys[i] = quoted(key)
	}
	table.order = strings.Join(keys, ", ")
	return table, err
}

// dropIndexes takes away the indexes that no constraint needs, and remembers how to make them.
func (t *Transfer) dropIndexes(ctx context.Context) error {
	results, err := t.pg.Exec(ctx, `SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conindid = i.indexrelid)`).ReadAll()
	if err != nil {
		return fmt.Errorf("read the indexes: %w", err)
	}
	for _, row := range results[0].Rows {
		t.indexes = append(t.indexes, string(row[1]))
		if err := t.run(ctx, "DROP INDEX "+string(row[0])); err != nil {
			return fmt.Errorf("put index %s off: %w", row[0], err)
		}
	}
	return nil
}

func (t *Transfer) makeIndexes(ctx context.Context) error {
	for _, index := range t.indexes {
		if err := t.run(ctx, index); err != nil {
			return fmt.Errorf("make an index (%s): %w", index, err)
		}
	}
	return nil
}
