package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/rollcall-im/rollcall/internal/store"
	"maps"
	"slices"
)

// Config says what program to run. The zero values of Listen.Address and DataDir are those of the flags.
type Config struct {
	Listen      Listener
	DataDir     string        // folder of everything that must not be lost
	Database    Database      // what is not in the folder
	ConfirmWait time.Duration // how long a change waits for the network's confirmation; 0 answers when accepted
	Meta        Meta          // the network, unless there is a simulator
	Receipts    Receipts      // how customers are told
	Simulator   *Simulator    // set for development: a simulated network and a demo account

	Hold bool // accept changes and keep them, but send nothing to the network

	Logger *slog.Logger // default: nothing is logged
}

// Database says where the data are, how the secrets in them are sealed, and for how long what is over is kept. The zero value is the
// file in the data directory, with the key beside it, and keeps everything.
type Database struct {
	URL          string // postgres://…; "" is the file
	PasswordFile string // the database user's password; "" is in the URL, in PGPASSWORD or in ~/.pgpass
	SealKeyFile  string // 32 bytes that seal the secrets; "" is secret.key in the data directory, made when missing
	Keep         Keep
}

// Keep says for how many days what is over is kept; 0 is for ever.
type Keep struct {
	AuditDays  int // operations that have ended, and with them the outcomes that a ClientToken gives again
	EventDays  int
	FailedDays int // work that was given up

	MessageDays int // what was written, and how far it came
}

// DefaultKeep is the Keep of the flags: more than a year of the audit, and a month of the rest.
var DefaultKeep = Keep{AuditDays: 400, EventDays: 30, FailedDays: 30, MessageDays: 30}

// Listener says where callers are served, and how.
type Listener struct {
	Address   string // host:port; port 0 takes a free one
	CertFile  string // PEM; with KeyFile callers are served over TLS
	KeyFile   string
	PlainHTTP bool           // serve plain HTTP although the address is not on loopback
	Proxies   []netip.Prefix // whose X-Forwarded-For and X-Forwarded-Proto are believed

	CallsPerSecond float64            // of one account and action where nothing is documented; 0 limits nothing
	Limits         map[string]float64 // by action: calls a second instead; 0 does not limit
	MetricsAddress string             // host:port of the metrics alone; "" serves them on Address, in production to this machine only
}

// Meta says how Meta is reached and how it proves itself. Secrets come from files.
type Meta struct {
	GraphURL        string // "" is Meta's own address
	AppSecretFile   string // key of the signature on webhooks
	VerifyTokenFile string // word that Meta sends when the callback address is set

	WABATokenFiles map[string]string // by account and WhatsApp business account, "1000000000000001/501": the file with the token by which the one may bind the other
}

// Simulator says how the simulated network runs.
type Simulator struct {
	Address string        // where its Graph API and its control API are served; "" nowhere but in the process
	Delay   time.Duration // how long each asynchronous step takes; 0 is at once
	Exposed bool          // serve although an address is not on loopback
}

// The values of settings that are not given.
const (
	DefaultAddress          = "127.0.0.1:8020"
	DefaultSimulatorAddress = "127.0.0.1:8021"
	DefaultDataDir          = ".rollcall"
	DefaultConfirmWait      = 5 * time.Second
	DefaultDelay            = 100 * time.Millisecond
	DefaultCallsPerSecond   = 50 // of a production server
)

func (c Config) withDefaults() Config {
	if c.Listen.Address == "" {
		c.Listen.Address = DefaultAddress
	}
	if c.DataDir == "" {
		c.DataDir = DefaultDataDir
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// kind says what the database is for.
func (c Config) kind() store.Kind {
	if c.Simulator != nil {
		return store.Development
	}
	return store.Production
}

// check refuses settings that would be unsafe, and says which and what to do instead.
func (c Config) check() error {
	if err := c.checkAddresses(); err != nil {
		return err
	}
	if (c.Listen.CertFile == "") != (c.Listen.KeyFile == "") {
		return errors.New("TLS needs both a certificate file and a key file")
	}
	if c.Simulator != nil {
		return c.checkSimulator()
	}
	switch {
	case c.Listen.CertFile == "" && !c.Listen.PlainHTTP && !onLoopback(c.Listen.Address):
		return fmt.Errorf("plain HTTP on %s would show every request to the network; give --tls-cert and --tls-key, listen on "+
			"127.0.0.1 behind a proxy that speaks TLS, or say --insecure-http if that is what you want", c.Listen.Address)
	case c.Meta.AppSecretFile == "":
		return errors.New("without Meta's app secret anybody could send webhooks; give --app-secret-file")
	case c.Meta.VerifyTokenFile == "":
		return errors.New("without a verify token Meta cannot register the callback address; give --verify-token-file")
	}
	return c.Meta.check()
}

// checkAddresses refuses what is no address to listen on. An empty one of the simulator or the metrics is none.
func (c Config) checkAddresses() error {
	flags := map[string]string{"--listen": c.Listen.Address, "--metrics-listen": c.Listen.MetricsAddress}
	if c.Simulator != nil {
		flags["--simulator-listen"] = c.Simulator.Address
	}
	for _, flag := range slices.Sorted(maps.Keys(flags)) {
		if _, _, err := net.SplitHostPort(flags[flag]); err != nil && flags[flag] != "" {
			return fmt.Errorf("%s %q must be HOST:PORT, such as %s", flag, flags[flag], DefaultAddress)
		}
	}
	return nil
}

// check refuses an address of the Graph API that the numbers' tokens would travel to in the open.
func (m Meta) check() error {
	u, err := url.Parse(m.GraphURL)
	if err != nil {
		return fmt.Errorf("--graph-url %s is no URL; leave it out for Meta's own", m.GraphURL)
	}
	if u.Scheme == "http" && !onLoopback(net.JoinHostPort(u.Hostname(), "80")) {
		return fmt.Errorf("--graph-url %s would show the numbers' tokens to the network; give an https address", m.GraphURL)
	}
	return nil
}

// checkSimulator keeps a development server on its machine: whoever reaches the control API of the simulated network can do
// with its phones and groups as they like.
func (c Config) checkSimulator() error {
	flag, address := "--listen", c.Listen.Address
	if onLoopback(address) {
		flag, address = "--simulator-listen", c.Simulator.Address
	}
	if address == "" || onLoopback(address) || c.Simulator.Exposed {
		return nil
	}
	return fmt.Errorf("%s %s would open a development server to the network, and its control API asks for no credentials; "+
		"listen on 127.0.0.1, or say --insecure-listen if that is what you want", flag, address)
}

// onLoopback tells whether only this machine can reach an address. A name is not trusted to mean loopback, but for localhost.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// certificate loads what TLS needs, nil for plain HTTP.
func (l Listener) certificate() (*tls.Certificate, error) {
	if l.CertFile == "" {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(l.CertFile, l.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("load certificate %s with key %s: %w", l.CertFile, l.KeyFile, err)
	}
	return &c, nil
}

func (l Listener) protocol() string {
	if l.CertFile == "" {
		return "http"
	}
	return "https"
}
