// Package pgserver starts throw-away PostgreSQL servers for tests and benchmarks, stops, restarts and crashes them, and puts
// a PgBouncer before them. It knows processes, folders and PostgreSQL's own programs (initdb, postgres, createdb, dropdb),
// and no SQL driver: whoever wants to talk to a server gets a URL. The product never imports it.
package pgserver
