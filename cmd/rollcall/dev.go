package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/rollcall-im/rollcall/internal/app"
)

// stopTime is how long an orderly stop may take before what is left is cut off.
const stopTime = 20 * time.Second

type devVerb struct {
	database
	keeping
	limiting
	pushing
	Listen          string        `env:"ROLLCALL_LISTEN" default:"${listen}" placeholder:"HOST:PORT" help:"Where callers are served. Port 0 takes a free one. Default ${default}."`
	SimulatorListen string        `env:"ROLLCALL_SIMULATOR_LISTEN" default:"${simulator_listen}" placeholder:"HOST:PORT" help:"Where the simulated network and its phones are served. Default ${default}."`
	DataDir         string        `env:"ROLLCALL_DATA_DIR" default:"${data_dir}" placeholder:"FOLDER" help:"Where everything is kept, but for what is in a --database. Default ${default}."`
	Fresh           bool          `help:"Begin with an empty data directory, and an empty database."`
	ReadyFile       string        `env:"ROLLCALL_READY_FILE" placeholder:"FILE" help:"Write addresses and keys there, as JSON, once the server answers."`
	SimulatorDelay  time.Duration `env:"ROLLCALL_SIMULATOR_DELAY" default:"${delay}" placeholder:"TIME" help:"How long the simulated network takes for each step; 0 is at once. Default ${default}."`
	ConfirmWait     time.Duration `env:"ROLLCALL_CONFIRM_WAIT" default:"${confirm_wait}" placeholder:"TIME" help:"How long a change waits for the network's confirmation; 0 answers when accepted. Default ${default}."`
	Hold            bool          `env:"ROLLCALL_HOLD" help:"Accept changes and keep them, but send nothing to the network until the next start without this."`
	MetricsListen   string        `env:"ROLLCALL_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Serve /metrics there and nowhere else."`
	InsecureListen  bool          `env:"ROLLCALL_INSECURE_LISTEN" help:"Serve although an address is not on loopback. The simulator's control API asks for no credentials."`
	TLSCert         string        `env:"ROLLCALL_TLS_CERT" name:"tls-cert" placeholder:"FILE" help:"Certificate (PEM), to serve over TLS."`
	TLSKey          string        `env:"ROLLCALL_TLS_KEY" name:"tls-key" placeholder:"FILE" help:"The certificate's key (PEM)."`
}

// Run runs the development server until it is interrupted.
func (v *devVerb) Run(t *terminal) error {
	if v.SimulatorDelay < 0 || v.ConfirmWait < 0 {
		return fmt.Errorf("--simulator-delay and --confirm-wait must not be negative; %w", errUsage)
	}
	if err := errors.Join(v.limiting.check(), v.pushing.check()); err != nil {
		return err
	}
	data := app.Data{Dir: v.DataDir, Database: v.in("")}
	if v.Fresh {
		if err := data.Clear(context.Background()); err != nil {
			return err
		}
	}
	if v.ReadyFile != "" {
		if err := app.RemoveReady(v.ReadyFile); err != nil {
			return err
		}
	}
	return untilInterrupted(t, v.config(t), func(p *app.Program) (func() error, error) {
		ready := p.Ready()
		for _, file := range []string{data.ReadyFile(), v.ReadyFile} {
			if file == "" {
				continue
			}
			if err := ready.Write(file); err != nil {
				return nil, err
			}
		}
		welcome(t.out, ready, v.DataDir)
		return func() error { return app.RemoveReady(data.ReadyFile()) }, nil
	})
}

func (v *devVerb) config(t *terminal) app.Config {
	in := v.in("")
	in.Keep = v.days()
	return app.Config{
		Listen:  app.Listener{Address: v.Listen, CertFile: v.TLSCert, KeyFile: v.TLSKey, MetricsAddress: v.MetricsListen, Limits: v.Limits},
		DataDir: v.DataDir, Database: in, ConfirmWait: v.ConfirmWait, Hold: v.Hold, Logger: t.log,
		Receipts:  v.receipts(),
		Simulator: &app.Simulator{Address: v.SimulatorListen, Delay: v.SimulatorDelay, Exposed: v.InsecureListen},
	}
}

// collectSeldom makes the garbage collector trade memory for time, unless the environment has a wish of its own. The heap of a
// server is small, so it costs some ten megabytes.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// untilInterrupted runs a program. The first interrupt stops it in order, the second one kills it. once is called when the
// program answers; what it returns is called when the program is asked to stop.
func untilInterrupted(t *terminal, cfg app.Config, once func(*app.Program) (func() error, error)) error {
	collectSeldom()
	interrupted, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	p, err := app.Start(interrupted, cfg)
	if err != nil {
		return err
	}
	after, err := once(p)
	if err == nil {
		select {
		case <-interrupted.Done():
			t.log.Info("stopping; interrupt again to end at once")
		case err = <-p.Failed():
		}
		err = errors.Join(err, after())
	}
	restore() // from here on an interrupt kills
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return errors.Join(err, p.Stop(stop))
}
