// Command rollcall is the one binary of Rollcall: the development server with its simulated network, the production server,
// and the tools around them. Each verb stands in the file of its name.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/rollcall-im/rollcall/internal/app"
)

// The exit codes.
const (
	exitDone    = 0
	exitRefused = 1 // it was understood and did not succeed
	exitUsage   = 2
)

// verbs are the commands; kong reads flags and help from the fields.
type verbs struct {
	LogLevel string `env:"ROLLCALL_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"What is logged to standard error: ${enum}."`

	Dev      devVerb      `cmd:"" help:"Run everything on this machine: the server, a simulated network, a demo account."`
	Serve    serveVerb    `cmd:"" help:"Run the server in front of Meta."`
	Call     callVerb     `cmd:"" help:"Call an operation, signed, and print the answer."`
	Account  accountVerb  `cmd:"" help:"Accounts, users, access keys and policies."`
	Channel  channelVerb  `cmd:"" help:"Channels and their business numbers."`
	Explain  explainVerb  `cmd:"" help:"Say why a call was refused: what was signed, and what each policy had to say."`
	Receipts receiptsVerb `cmd:"" help:"Receipts that were given up: list them, have them pushed again."`
	Listen   listenVerb   `cmd:"" help:"Bring receipts to an address on this machine."`
	Doctor   doctorVerb   `cmd:"" help:"Look at an installation and say what is wrong with it."`
	Migrate  migrateVerb  `cmd:"" help:"Bring the database up to date."`
	Version  versionVerb  `cmd:"" help:"Print the version."`
}

// terminal is where a verb reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	log      *slog.Logger
}

// errUsage is wrapped by errors of how the command was written.
var errUsage = errors.New("see rollcall --help")

// errQuiet ends with exitRefused without another word: what there is to say has been printed.
var errQuiet = errors.New("refused")

func main() {
	os.Exit(run(os.Args[1:], &terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// run runs one command line and gives the exit code.
func run(args []string, t *terminal) int {
	var v verbs
	exited := -1
	parser, err := kong.New(&v, kong.Name("rollcall"), kong.Description("A self-hosted gateway for WhatsApp business groups."),
		kong.Writers(t.out, t.err), kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}), defaults())
	if err != nil {
		fmt.Fprintln(t.err, "rollcall:", err)
		return exitRefused
	}
	selected, err := parser.Parse(spelled(args))
	switch {
	case exited >= 0: // help was asked for and given
		return exited
	case err != nil:
		var where *kong.ParseError
		if errors.As(err, &where) {
			selected = where.Context
		}
		return report(t, helpFor(selected), fmt.Errorf("%w; %w", err, errUsage))
	}
	t.log = newLogger(t.err, v.LogLevel)
	return report(t, helpFor(selected), selected.Run(t))
}

// spelled gives a command line as the parser knows it: no word, help and --version are ways to ask that people try.
func spelled(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version":
		return []string{"version"}
	}
	return args
}

// helpFor names the help of the verb that was meant.
func helpFor(k *kong.Context) string {
	if k != nil && k.Selected() != nil {
		return "see " + k.Selected().FullPath() + " --help"
	}
	return errUsage.Error()
}

func defaults() kong.Vars {
	return kong.Vars{
		"listen":           app.DefaultAddress,
		"simulator_listen": app.DefaultSimulatorAddress,
		"data_dir":         app.DefaultDataDir,
		"confirm_wait":     app.DefaultConfirmWait.String(),
		"delay":            app.DefaultDelay.String(),
		"calls_per_second": strconv.Itoa(app.DefaultCallsPerSecond),
		"keep_audit":       strconv.Itoa(app.DefaultKeep.AuditDays),
		"keep_events":      strconv.Itoa(app.DefaultKeep.EventDays),
		"callback_timeout": app.DefaultCallbackTimeout.String(),
		"callback_retries": joinTimes(app.DefaultCallbackRetries()),
		"keep_failed":      strconv.Itoa(app.DefaultKeep.FailedDays),
		"keep_messages":    strconv.Itoa(app.DefaultKeep.MessageDays),
	}
}

// report says what went wrong, in a sentence, and gives the exit code. help says where to read how the command is written.
func report(t *terminal, help string, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errQuiet):
		return exitRefused
	}
	text := strings.ReplaceAll(err.Error(), errUsage.Error(), help)
	fmt.Fprintln(t.err, "rollcall:", strings.ReplaceAll(text, "\n", "\nrollcall: "))
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitRefused
}

func newLogger(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // kong has let only levels through
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l}))
}
