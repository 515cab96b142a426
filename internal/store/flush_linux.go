package store

import (
	"errors"
	"os"
	"syscall"
)

// flushData waits until what was written to a file is on the disk, and as much about the file as is needed to read it.
func flushData(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var flushed error
	err = c.Control(func(fd uintptr) {
		for flushed = syscall.EINTR; errors.Is(flushed, syscall.EINTR); {
			flushed = syscall.Fdatasync(int(fd))
		}
	})
	return errors.Join(err, flushed)
}
