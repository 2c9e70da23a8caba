package main

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// An account is a relay and a login there.
type account struct {
	addr           string // host:port
	security       smtpclient.Security
	tls            *tls.Config // nil trusts the system's authorities
	user, password string      // no login if user is empty
}

// deliver sends m through the account's relay. The result has an outcome for
// each recipient, whatever happened; the error is about the account or m, and
// then nothing was sent.
//
// A program that goes on makes the pool once, at its start, and calls Send from
// wherever it has something to send: the sessions stay open for a while.
func deliver(ctx context.Context, a account, m *message.Message, attempts int) (smtpclient.Result, error) {
	content, err := m.Bytes()
	if err != nil {
		return smtpclient.Result{}, err
	}
	from, to, err := m.Envelope()
	if err != nil {
		return smtpclient.Result{}, err
	}
	p, err := pool.New(pool.Config{
		Relay:       a.relay(),
		Sessions:    1,
		MaxAttempts: attempts,
		// Somebody is waiting: say at once that the relay cannot be reached. A
		// program that sends in the background leaves this out.
		Patience: time.Millisecond,
	})
	if err != nil {
		return smtpclient.Result{}, err
	}
	defer p.Shutdown(ctx)

	// The error is that of the result, where each recipient has its own.
	result, _ := p.Send(ctx, pool.Job{Mail: smtpclient.Mail{
		From:     from,
		To:       smtpclient.Recipients(to...),
		Content:  content,
		SMTPUTF8: m.NeedsSMTPUTF8(),
	}})
	return result.Result, nil
}

// relay says how to build sessions with the account's relay.
func (a *account) relay() smtpclient.Config {
	relay := smtpclient.Config{Addr: a.addr, Security: a.security, TLSConfig: a.tls}
	if a.user != "" {
		relay.Auth = smtpclient.PasswordAuth(a.user, a.password)
	}
	return relay
}
