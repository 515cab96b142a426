package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// owner is the user that the server runs as.
type owner struct {
	credential *syscall.Credential // nil: as this process
}

// findOwner takes the user postgres where this process is root, since PostgreSQL refuses to run as root.
func findOwner() (owner, error) {
	if os.Geteuid() != 0 {
		return owner{}, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return owner{}, errors.Join(errors.New("PostgreSQL does not run as root and there is no user postgres"), errMissing)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return owner{}, fmt.Errorf("read the uid of user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return owner{}, fmt.Errorf("read the gid of user postgres: %w", err)
	}
	return owner{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// give makes the folder the owner's.
func (o owner) give(folder string) error {
	if o.credential == nil {
		return nil
	}
	if err := os.Chown(folder, int(o.credential.Uid), int(o.credential.Gid)); err != nil {
		return fmt.Errorf("give folder to user postgres: %w", err)
	}
	return nil
}
