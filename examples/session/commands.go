package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

const commandList = "noop, vrfy WHO, help [TOPIC], rset, mail FROM TO…, quit"

// obey does what the commands say, until they say quit or end, or the session
// is over.
func (v *viewer) obey(ctx context.Context) {
	done := make(chan struct{})
	defer close(done)
	lines := readLines(v.commands, done)
	v.wire.note("commands: %s", commandList)
	for {
		select {
		case line, ok := <-lines:
			if !ok || !v.command(ctx, line) {
				return
			}
		case <-v.session.Done():
			return
		}
	}
}

// readLines sends the lines of r until it ends, or done is closed. A read that
// waits for the terminal cannot be interrupted; it ends with the program.
func readLines(r io.Reader, done <-chan struct{}) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-done:
				return
			}
		}
	}()
	return lines
}

// command does what one line says and reports whether to go on.
func (v *viewer) command(ctx context.Context, line string) bool {
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	var err error
	switch verb = strings.ToLower(verb); {
	case verb == "":
	case verb == "noop" && rest == "":
		_, err = v.session.Noop(ctx)
	case verb == "rset" && rest == "":
		_, err = v.session.Reset(ctx)
	case verb == "vrfy" && rest != "":
		_, err = v.session.Verify(ctx, rest)
	case verb == "help":
		_, err = v.session.Help(ctx, rest)
	case verb == "mail" && len(strings.Fields(rest)) > 1:
		err = v.mail(ctx, strings.Fields(rest))
	case verb == "quit" && rest == "":
		return false
	default:
		v.wire.note("no such command; there are: %s", commandList)
	}
	var reply *smtpclient.ReplyError
	if err != nil && !errors.As(err, &reply) { // a reply has been shown
		v.wire.note("%v", err)
	}
	return true
}

// mail sends a small message, its author and recipients in angle brackets or
// not. The error is that of a message which cannot be made.
func (v *viewer) mail(ctx context.Context, paths []string) error {
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(strings.TrimPrefix(p, "<"), ">")
	}
	m, err := letter(paths[0], paths[1:], "Hello")
	if err != nil {
		return err
	}
	result, _ := v.session.Send(ctx, m) // the error is that of the result
	v.sent++
	v.wire.result(v.sent, &result)
	return nil
}
