package main

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
)

type serveVerb struct {
	guarded
	keeping
	limiting
	pushing
	Listen          string            `env:"ROLLCALL_LISTEN" default:"${listen}" placeholder:"HOST:PORT" help:"Where callers and Meta's webhooks are served. Default ${default}."`
	DataDir         string            `env:"ROLLCALL_DATA_DIR" required:"" placeholder:"FOLDER" help:"Where everything is kept, but for what is in a --database."`
	ReadyFile       string            `env:"ROLLCALL_READY_FILE" placeholder:"FILE" help:"Write the address there, as JSON, once the server answers; removed when it stops."`
	SealKeyFile     string            `env:"ROLLCALL_SEAL_KEY_FILE" placeholder:"FILE" help:"32 bytes that seal the secrets in the database. Default secret.key in the data directory, made when missing."`
	AppSecretFile   string            `env:"ROLLCALL_APP_SECRET_FILE" required:"" placeholder:"FILE" help:"Secret of the Meta app; webhooks are signed with it."`
	VerifyTokenFile string            `env:"ROLLCALL_VERIFY_TOKEN_FILE" required:"" placeholder:"FILE" help:"Word that Meta sends when you register the callback address."`
	GraphURL        string            `env:"ROLLCALL_GRAPH_URL" name:"graph-url" placeholder:"URL" help:"Where the Graph API is. Default Meta's own."`
	WABATokens      map[string]string `env:"ROLLCALL_WABA_TOKEN" name:"waba-token" placeholder:"ACCOUNT/WABA=FILE" help:"File that holds the access token of a WhatsApp business account, so that callers of that account can bind it with ChatappBindWaba. May be given several times."`
	ConfirmWait     time.Duration     `env:"ROLLCALL_CONFIRM_WAIT" default:"${confirm_wait}" placeholder:"TIME" help:"How long a change waits for the network's confirmation; 0 answers when accepted. Default ${default}."`
	Hold            bool              `env:"ROLLCALL_HOLD" help:"Accept changes and keep them, but send nothing to the network until the next start without this."`
	TLSCert         string            `env:"ROLLCALL_TLS_CERT" name:"tls-cert" placeholder:"FILE" help:"Certificate (PEM)."`
	TLSKey          string            `env:"ROLLCALL_TLS_KEY" name:"tls-key" placeholder:"FILE" help:"The certificate's key (PEM)."`
	TrustProxy      []netip.Prefix    `env:"ROLLCALL_TRUST_PROXY" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."`
	CallsPerSecond  float64           `env:"ROLLCALL_CALLS_PER_SECOND" default:"${calls_per_second}" placeholder:"N" help:"Most calls of one account and action in a second, where the official service documents no figure; 0 limits no action. Default ${default}."`
	MetricsListen   string            `env:"ROLLCALL_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Serve /metrics there, over plain HTTP. Without it /metrics answers on --listen, to this machine alone."`
	InsecureHTTP    bool              `env:"ROLLCALL_INSECURE_HTTP" name:"insecure-http" help:"Serve plain HTTP although the address is not on loopback."`
}

// Run runs the server until it is interrupted.
func (v *serveVerb) Run(t *terminal) error {
	if v.ConfirmWait < 0 || v.CallsPerSecond < 0 {
		return fmt.Errorf("--confirm-wait and --calls-per-second must not be negative; %w", errUsage)
	}
	if err := errors.Join(v.limiting.check(), v.pushing.check()); err != nil {
		return err
	}
	if v.ReadyFile == "" {
		return untilInterrupted(t, v.config(t), func(p *app.Program) (func() error, error) {
			v.tell(t, p)
			return func() error { return nil }, nil
		})
	}
	if err := app.RemoveReady(v.ReadyFile); err != nil {
		return err
	}
	return untilInterrupted(t, v.config(t), func(p *app.Program) (func() error, error) {
		v.tell(t, p)
		ready := p.Ready()
		return func() error { return app.RemoveReady(v.ReadyFile) }, ready.Write(v.ReadyFile)
	})
}

func (v *serveVerb) tell(t *terminal, p *app.Program) {
	t.log.Info("serving", "address", p.Addr(), "data_dir", v.DataDir, "postgres", v.URL != "", "tls", v.TLSCert != "")
}

func (v *serveVerb) config(t *terminal) app.Config {
	in := v.in(v.SealKeyFile)
	in.Keep = v.days()
	return app.Config{
		Listen: app.Listener{Address: v.Listen, CertFile: v.TLSCert, KeyFile: v.TLSKey, PlainHTTP: v.InsecureHTTP,
			Proxies: v.TrustProxy, CallsPerSecond: v.CallsPerSecond, Limits: v.Limits, MetricsAddress: v.MetricsListen},
		DataDir: v.DataDir, Database: in, ConfirmWait: v.ConfirmWait, Hold: v.Hold, Logger: t.log,
		Receipts: v.receipts(),
		Meta: app.Meta{GraphURL: v.GraphURL, AppSecretFile: v.AppSecretFile, VerifyTokenFile: v.VerifyTokenFile,
			WABATokenFiles: v.WABATokens},
	}
}
