//go:build !linux

package app_test

import "syscall"

// dieWithParent can do nothing here: only Linux has a signal for that. Whoever kills the tests kills the servers too.
func dieWithParent() *syscall.SysProcAttr { return nil }
