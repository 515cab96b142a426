package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// maxAddresses is how many addresses of one name are tried.
const maxAddresses = 4

var errNoAddress = errors.New("name has no address")

// dialer resolves a name once and connects to exactly the addresses it got, so that a name which changes its mind
// between check and use gains nothing.
type dialer struct {
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	allow  []netip.Prefix
	net    net.Dialer
}

func newDialer(config Config) *dialer {
	d := &dialer{lookup: config.Lookup, allow: config.Allow}
	if d.lookup == nil {
		d.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	d.net = net.Dialer{Timeout: 5 * time.Second, Control: d.control}
	return d
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("split address: %w", err)
	}
	addrs, err := d.resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	var failures []error
	for _, addr := range addrs[:min(len(addrs), maxAddresses)] {
		conn, err := d.net.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func (d *dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	addrs, err := d.lookup(ctx, host)
	if err == nil && len(addrs) == 0 {
		err = errNoAddress
	}
	return addrs, err
}

// control is asked by the operating system's side of the dial, with the address that is about to be connected to: no
// way leads around it.
func (d *dialer) control(_, address string, _ syscall.RawConn) error {
	dialled, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read dialled address: %w", err)
	}
	return d.check(dialled.Addr())
}

func (d *dialer) check(addr netip.Addr) error {
	reason := Barred(addr, d.allow)
	if reason == "" {
		return nil
	}
	return &Error{
		Code:    CodeAddressRefused,
		Message: "the URL leads to an address that is not public; use a host that the Internet can reach",
		Err:     fmt.Errorf("%s address %s", reason, addr),
	}
}
