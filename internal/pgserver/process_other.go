//go:build !linux

package pgserver

import "syscall"

// attributes cannot tie the server to this process here: only Linux has a signal for that.
func (o owner) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: o.credential, Setpgid: true}
}
