package pgserver

import "syscall"

// attributes lets the server end with this process, however that ends: SIGQUIT is PostgreSQL's immediate shutdown, which
// takes its children along and leaves no shared memory behind.
func (o owner) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: o.credential, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
}
