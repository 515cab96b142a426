package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// trouble is an error of the database in a sentence that says what to do. What caused it is wrapped, and not shown.
type trouble struct {
	sentence string
	cause    error
}

func (t *trouble) Error() string { return t.sentence }
func (t *trouble) Unwrap() error { return t.cause }

// explain puts an error of connecting, or one that the server gave, into such a sentence.
func explain(config *pgconn.Config, err error) error {
	var known *trouble
	if err == nil || errors.As(err, &known) {
		return err
	}
	where := addressOf(config)
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		if sentence := explainRefusal(config, refused); sentence != "" {
			return &trouble{sentence, err}
		}
		return &trouble{fmt.Sprintf("the database at %s answers: %s (code %s)", where, refused.Message, refused.Code), err}
	}
	var unconnected *pgconn.ConnectError
	if !errors.As(err, &unconnected) {
		return err
	}
	if sentence := explainCertificate(err); sentence != "" {
		return &trouble{fmt.Sprintf("the database at %s: %s", where, sentence), err}
	}
	return &trouble{fmt.Sprintf("the database at %s cannot be reached: %s", where, explainNetwork(err)), err}
}

// addressOf gives the hosts, without user and password.
func addressOf(config *pgconn.Config) string {
	var all []string
	add := func(host string, port uint16) {
		if at := fmt.Sprintf("%s:%d", host, port); len(all) == 0 || all[len(all)-1] != at {
			all = append(all, at)
		}
	}
	add(config.Host, config.Port)
	for _, f := range config.Fallbacks {
		add(f.Host, f.Port)
	}
	return strings.Join(all, ", ")
}

// explainRefusal knows PostgreSQL's codes (its appendix A).
func explainRefusal(config *pgconn.Config, e *pgconn.PgError) string {
	where := addressOf(config)
	switch e.Code {
	case "28P01":
		return fmt.Sprintf("the database at %s refuses the password of user %q; correct the file of --database-password-file, PGPASSWORD or ~/.pgpass",
			where, config.User)
	case "28000":
		return fmt.Sprintf("the database at %s does not let user %q in (%s); make the user, or add a line to pg_hba.conf there", where, config.User, e.Message)
	case "3D000":
		return fmt.Sprintf("there is no database %q at %s; make it there: CREATE DATABASE %q OWNER %q", config.Database, where, config.Database, config.User)
	case "42501":
		return fmt.Sprintf("user %q has not the rights that it needs in database %q at %s (%s); make it the owner: ALTER DATABASE %q OWNER TO %q",
			config.User, config.Database, where, e.Message, config.Database, config.User)
	case "25006":
		return fmt.Sprintf("the database at %s cannot be written to, it is a standby; give the primary's address, or both: postgres://user@one:5432,other:5432/name", where)
	case "53300":
		return fmt.Sprintf("the database at %s has no connection left; a node takes up to %d, so raise max_connections there", where, ConnectionsPerNode)
	case "57P03":
		return fmt.Sprintf("the database at %s is starting or stopping; try again in a moment", where)
	}
	return ""
}

func explainCertificate(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "nobody whom this machine trusts has signed its certificate; name the authority's file in the address (sslrootcert=FILE)"
	case errors.As(err, &name):
		return fmt.Sprintf("%v; give the host in the address by a name that stands in its certificate", name)
	case errors.As(err, &invalid):
		return fmt.Sprintf("its certificate does not hold (%v); make it a new one", invalid)
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return "it does not speak TLS; set ssl = on there, or write sslmode=disable into the address if nobody else can listen"
	case strings.Contains(err.Error(), "read only connection"):
		return "it cannot be written to, it is a standby; give the primary's address, or both: postgres://user@one:5432,other:5432/name"
	}
	return ""
}

func explainNetwork(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("no address is known for the host %s; correct --database", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there; start PostgreSQL, or correct --database"
	case errors.Is(err, os.ErrNotExist):
		return "there is no socket; start PostgreSQL, or correct --database"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), pgconn.Timeout(err):
		return "it does not answer in time; look at the network, at firewalls and at listen_addresses in postgresql.conf"
	}
	return fmt.Sprintf("%v; look whether PostgreSQL runs there and --database is right", innermost(err))
}

// innermost gives the error below all wrapping, of several the first.
func innermost(err error) error {
	for {
		switch e := err.(type) { //nolint:errorlint // it is about how errors are wrapped
		case interface{ Unwrap() []error }:
			if all := e.Unwrap(); len(all) > 0 {
				err = all[0]
				continue
			}
		case interface{ Unwrap() error }:
			if inner := e.Unwrap(); inner != nil {
				err = inner
				continue
			}
		}
		return err
	}
}
