//go:build !linux

package store

import "os"

// flushData waits until what was written to a file is on the disk.
func flushData(f *os.File) error { return f.Sync() }
