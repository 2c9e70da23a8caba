package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// Options are the flags, checked as far as that is possible without a look at a
// file.
type options struct {
	addrs        []string // as given
	targets      []target // of addrs; none: the built-in sink
	tls          string
	security     smtpclient.Security // of tls, or the default
	ca           string
	user         string
	passwordFile string
	insecureAuth bool
	sessions     int
	modeName     string
	mode         smtpclient.Mode // of modeName
	window       int
	maxAttempts  int

	rateTexts       []string
	rates           []pool.Rate // of rateTexts
	domainRateTexts []string
	domains         []pool.DomainLimit // of domainRateTexts
	maxPerSession   int
	maxLifetime     time.Duration
	metrics         string

	fromText string
	from     message.Address // of fromText
	pathOptions
	listOptions
	dkimOptions

	recipients string
	n          int
	suppress   string
	subject    string
	text, html string
	attach     []string

	outcomes string
	dryRun   string
	checkOptions
	quiet bool

	given map[string]bool // the flags that were given
}

// flags returns a flag set that fills o, with the defaults that flags have by
// themselves.
func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet("newsletter", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.Func("addr", "the relay, `host:port`; several, by commas or by repeating the flag, share the mails, by weights as in host:port*3; empty: the built-in sink", into(&o.addrs))
	f.StringVar(&o.tls, "tls", "", "`mode` of TLS: starttls, implicit, opportunistic or none (default starttls, none for the sink)")
	f.StringVar(&o.ca, "ca", "", "PEM `file` of the authorities to trust, instead of the system's")
	f.StringVar(&o.user, "user", "", "`name` to log in with")
	f.StringVar(&o.passwordFile, "password-file", "", "`file` with the password")
	f.BoolVar(&o.insecureAuth, "insecure-auth", false, "let the password go out without the protection of TLS")
	f.IntVar(&o.sessions, "sessions", 4, "sessions at once, with each relay")
	f.StringVar(&o.modeName, "mode", "auto", "how far to send ahead: auto, lockstep, envelope, overlap or stream")
	f.IntVar(&o.window, "window", 0, "messages a session may have unanswered in mode stream; 0: the default of package smtpclient")
	f.IntVar(&o.maxAttempts, "max-attempts", 3, "attempts for a deferred message")
	f.Func("rate", "bound of all mails, `n/unit`, kept by even spacing: 14/s, 600/min, 10000/h or 50000/day; may be repeated", into(&o.rateTexts))
	f.Func("domain-rate", "bound of the mails to a domain and those below it, `domain=n/unit`; * is every other domain; may be repeated", into(&o.domainRateTexts))
	f.IntVar(&o.maxPerSession, "max-per-session", 0, "mails that a session carries at most (default without limit)")
	f.DurationVar(&o.maxLifetime, "max-lifetime", 0, "`time` for which a session is used at most, such as 10m (default without limit)")
	f.StringVar(&o.metrics, "metrics", "", "serve metrics in Prometheus' text format on that `host:port` while it runs")
	f.StringVar(&o.fromText, "from", "The Reading Room <newsletter@example.com>", "the author, `Name <address>`")
	o.pathOptions.flags(f)
	o.listOptions.flags(f)
	o.dkimOptions.flags(f)
	f.StringVar(&o.recipients, "recipients", "", "CSV `file` with the recipients (default the shipped one)")
	f.IntVar(&o.n, "n", 0, "make up that many recipients")
	f.StringVar(&o.suppress, "suppress", "", "`file` with addresses to which no mail is sent, as bounces writes it")
	f.StringVar(&o.subject, "subject", "", "template of the subject")
	f.StringVar(&o.text, "text", "", "`file` with the template of the plain text")
	f.StringVar(&o.html, "html", "", "`file` with the template of the HTML")
	f.Func("attach", "`file` to attach; may be repeated", into(&o.attach))
	f.StringVar(&o.outcomes, "outcomes", "", "JSON lines `file` for what became of each recipient")
	f.StringVar(&o.dryRun, "dry-run", "", "send nothing, write the mails into that `directory`")
	o.checkOptions.flags(f)
	f.BoolVar(&o.quiet, "quiet", false, "no progress and no report")
	return f
}

// into appends each value of a flag that may be repeated.
func into(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}

// printUsage lists the flags.
func printUsage(w io.Writer) {
	fmt.Fprintln(w, "usage: newsletter [flags]\n\nSends a personalised mail to every recipient of a CSV file. See go doc ./examples/newsletter.")
	f := new(options).flags()
	f.SetOutput(w)
	f.PrintDefaults()
}

// parseOptions reads the arguments. The error names the flag at fault, or is
// flag.ErrHelp.
func parseOptions(args []string) (*options, error) {
	o := &options{given: map[string]bool{}}
	f := o.flags()
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	f.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
	for _, check := range []func(*options) error{
		(*options).checkNumbers, (*options).checkRelay, (*options).checkLogin, (*options).checkAddresses,
		(*options).checkReturnPath, (*options).checkList, (*options).checkDKIM, (*options).checkSuppress, (*options).checkChecks,
		(*options).checkLimits, (*options).checkMetrics,
	} {
		if err := check(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *options) checkNumbers() error {
	for _, n := range []struct {
		flag             string
		value, low, high int
	}{
		{"sessions", o.sessions, 1, 1000},
		{"max-attempts", o.maxAttempts, 1, 100},
		{"window", o.window, 0, 4096},
		{"n", o.n, 1, 1_000_000_000},
		{"max-per-session", o.maxPerSession, 1, 1_000_000_000},
	} {
		if n.value == 0 && !o.given[n.flag] {
			continue
		}
		if n.value < n.low || n.value > n.high {
			return fmt.Errorf("-%s: %d is not in the range %d to %d", n.flag, n.value, n.low, n.high)
		}
	}
	if o.given["n"] && o.recipients != "" {
		return errors.New("-n and -recipients exclude each other")
	}
	return nil
}

func (o *options) checkRelay() (err error) {
	if o.targets, err = parseTargets(o.addrs); err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	name := o.tls
	if name == "" {
		name = smtpclient.StartTLS.String()
		if o.sink() {
			name = smtpclient.Plaintext.String()
		}
	}
	if o.security, err = smtpclient.ParseSecurity(name); err != nil {
		return fmt.Errorf("-tls: %q is none of starttls, implicit, opportunistic and none", o.tls)
	}
	if o.mode, err = smtpclient.ParseMode(o.modeName); err != nil {
		return fmt.Errorf("-mode: %q is none of auto, lockstep, envelope, overlap and stream", o.modeName)
	}
	switch {
	case o.ca == "":
	case o.sink():
		return errors.New("-ca: the built-in sink has its own authority; -ca needs -addr")
	case o.security == smtpclient.Plaintext:
		return errors.New("-ca: of no use with -tls none")
	}
	return nil
}

func (o *options) checkLogin() error {
	switch {
	case o.user != "" && o.passwordFile == "":
		return errors.New("-user: needs -password-file")
	case o.user == "" && o.passwordFile != "":
		return errors.New("-password-file: needs -user")
	case o.user == "" && o.insecureAuth:
		return errors.New("-insecure-auth: needs -user")
	case o.user != "" && o.security == smtpclient.Plaintext && !o.insecureAuth:
		return errors.New("-user: with -tls none the password would go out unprotected; -insecure-auth allows that")
	}
	return nil
}

func (o *options) checkAddresses() (err error) {
	if o.from, err = message.ParseAddress(o.fromText); err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	if err := smtpclient.CheckAddress(o.from.Addr); err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	return nil
}

// sink reports that mail goes to the built-in sink.
func (o *options) sink() bool { return len(o.targets) == 0 }

// demo reports that the shipped recipients go to the built-in sink.
func (o *options) demo() bool {
	return o.sink() && o.recipients == "" && !o.given["n"] && o.dryRun == ""
}
