package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/bulksmtp/bulksmtp/bounce"
	"golang.org/x/term"
)

// Exit codes, see the package comment.
const (
	exitRead  = 0
	exitSome  = 1
	exitUsage = 2
)

func main() {
	p := program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, terminal: term.IsTerminal(int(os.Stderr.Fd()))}
	os.Exit(p.run(os.Args[1:]))
}

// A program is one run.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool // stderr is one
}

// run does what the arguments say, and returns the exit code.
func (p *program) run(args []string) int {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		printUsage(p.stdout)
		return exitRead
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "bounces: %v\nbounces -h lists the flags.\n", err)
		return exitUsage
	}
	s, err := p.read(o)
	if err != nil {
		fmt.Fprintf(p.stderr, "bounces: %v\n", err)
		return exitUsage
	}
	if p.terminal || o.summary {
		if err := s.write(p.stderr); err != nil {
			return exitUsage
		}
	}
	if s.unread > 0 {
		return exitSome
	}
	return exitRead
}

// read reads all paths. What was read until an error is written, and recorded in
// the file of suppressions.
func (p *program) read(o *options) (s *summary, err error) {
	parser, err := o.parser()
	if err != nil {
		return nil, err
	}
	ledger, err := openLedger(o)
	if err != nil {
		return nil, err
	}
	s = newSummary()
	out := bufio.NewWriter(p.stdout)
	keep := func() error { return errors.Join(out.Flush(), saveLedger(o, ledger)) }
	defer func() { err = errors.Join(err, keep()) }()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false) // addresses have angle brackets around them
	for m, err := range p.mails(parser, o, keep) {
		if err != nil {
			return nil, err
		}
		list := rows(m)
		for _, r := range list {
			if err := encoder.Encode(r); err != nil {
				return nil, err
			}
		}
		s.add(list)
		if ledger == nil || m.Report == nil {
			continue
		}
		if !o.believes(m.Report) {
			s.unproven++
			continue
		}
		s.suppressed += len(ledger.Record(m.Report, time.Now()))
	}
	for _, name := range o.maillogs {
		if err := p.readLog(name, encoder.Encode, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// mails returns the mails of all paths, and of the IMAP server. An error is the
// last thing that comes. keep makes lasting what was made of those before.
func (p *program) mails(parser *bounce.Parser, o *options, keep func() error) iter.Seq2[bounce.Mail, error] {
	return func(yield func(bounce.Mail, error) bool) {
		for _, path := range o.paths {
			mails, err := p.at(parser, path)
			if err != nil {
				yield(bounce.Mail{}, err)
				return
			}
			for m := range mails {
				if !yield(m, nil) {
					return
				}
			}
		}
		if o.imap != "" {
			imapMails(parser, o, keep)(yield)
		}
	}
}

// at returns the mails at a path.
func (p *program) at(parser *bounce.Parser, path string) (iter.Seq[bounce.Mail], error) {
	if path == "-" {
		return parser.Reader("-", p.stdin), nil
	}
	return parser.Path(path)
}

// openLedger returns nil if there is no file of suppressions.
func openLedger(o *options) (*bounce.Ledger, error) {
	if o.suppress == "" {
		return nil, nil
	}
	return bounce.LoadLedger(o.suppress, o.rules())
}

func saveLedger(o *options, l *bounce.Ledger) error {
	if l == nil {
		return nil
	}
	return l.Save(o.suppress)
}
