package smtpclient_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A whimCase is what FuzzServer makes of its input: how to send how many
// messages, and the script of the server.
type whimCase struct {
	mode   smtpclient.Mode
	offers []string
	buffer int // octets between the two
	mails  []*smtpclient.Mail
	pauses byte // by message, bits: fake time goes by
	script []byte
}

// newWhimCase reads three octets of settings; the rest is script.
func newWhimCase(in []byte) *whimCase {
	set := [3]byte{}
	script := in[copy(set[:], in):]
	c := &whimCase{mode: smtpclient.ModeLockstep + smtpclient.Mode(set[0]&3), buffer: 64 << 10, pauses: set[2], script: script}
	c.offers = []string{"SIZE 1000000", "8BITMIME"}
	if set[0]&4 == 0 {
		c.offers = append(c.offers, "PIPELINING")
	}
	if set[0]&8 == 0 {
		c.offers = append(c.offers, "CHUNKING")
	}
	if set[0]&0x10 != 0 {
		c.offers = append(c.offers, "LIMITS RCPTMAX=2 MAILMAX=5")
	}
	if set[0]&0x20 != 0 {
		c.buffer = 2000
	}
	for i := range 1 + int(set[1]&7) {
		var to []string
		for k := range 1 + (i+int(set[1]>>3))%4 {
			to = append(to, fmt.Sprintf("r%d-%d@b.test", k, i))
		}
		m := mailTo(i, to...)
		m.Content = fmt.Appendf(nil, "%s%d\r\n\r\n..a\r\n.\r\n", contentMark, i)
		if i == 1 && set[1]&0x80 != 0 {
			m.Content = append(m.Content, bytes.Repeat([]byte(".23456789\r\n"), 13_000)...) // more than two blocks
		}
		c.mails = append(c.mails, m)
	}
	return c
}

// FuzzServer has the input play the server, see whim, and looks at what the
// client writes with an observer. Whatever the server does, nothing hangs,
// every message has one result and every recipient one outcome; content only
// goes into its own open envelope; and no outcome says other than the replies
// to the message's own commands do, counted. Of a server that has not lied it
// knows more: what is Accepted was taken, once, what may be sent again was not.
func FuzzServer(f *testing.F) {
	for mode := range byte(4) {
		f.Add([]byte{mode, 2, 0})
		f.Add([]byte{mode, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0x41})
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 400 {
			t.Skip("longer than any session")
		}
		synctest.Test(t, func(t *testing.T) { playWhim(t, newWhimCase(in)) })
	})
}

// playWhim runs a session against a whim and checks it.
func playWhim(t *testing.T, c *whimCase) {
	here, there := pipenet.Pipe(c.buffer)
	conn := &eavesdropper{Conn: here}
	server := &whim{conn: there, script: c.script, offers: c.offers, stream: c.mode == smtpclient.ModeStream}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.serve()
	}()
	began := time.Now()
	results := make([][]smtpclient.Result, len(c.mails))
	ten := 10 * time.Second
	s, err := smtpclient.NewSession(context.Background(), conn, smtpclient.Config{
		Security: smtpclient.Plaintext, LocalName: "client.test", Mode: c.mode, Window: 2, Timeouts: smtpclient.Timeouts{
			Connect: ten, Greeting: ten, Command: ten, Mail: ten, Rcpt: ten, Data: ten, Block: ten, EndOfData: ten, Quit: ten, LastWord: ten,
		},
	})
	if err == nil {
		c.send(s, results)
	}
	<-served
	if took := time.Since(began); took > time.Hour {
		t.Errorf("it took %v", took)
	}
	if err != nil {
		return
	}
	o := observe(conn.events, s.Mode(), c.mails)
	for n, list := range results {
		if len(list) != 1 {
			t.Fatalf("mail %d has %d results", n, len(list))
		}
		o.judge(n, &list[0])
	}
	for _, wrong := range o.wrong {
		t.Error(wrong)
	}
	if !server.liar {
		checkWhim(t, server, c.mails, results)
	}
}

// send sends all the mails, with pauses, and ends the session.
func (c *whimCase) send(s *smtpclient.Session, results [][]smtpclient.Result) {
	for i, m := range c.mails {
		s.Start(m, func(r *smtpclient.Result) { results[i] = append(results[i], *r) })
		if c.pauses>>i&1 != 0 {
			s.Flush()
			<-time.After(3 * time.Second) // fake time
		}
	}
	s.Flush()
	_ = s.Quit(context.Background()) // whatever it says
	s.Close()
}

// checkWhim holds results against what a server that has not lied has.
func checkWhim(t *testing.T, server *whim, mails []*smtpclient.Mail, results [][]smtpclient.Result) {
	own := 0
	for n, m := range mails {
		for i := range results[n][0].Recipients {
			rcpt := &results[n][0].Recipients[i]
			copies := server.copies(m.From, rcpt.Address, string(m.Content))
			own += copies
			switch {
			case copies > 1, rcpt.Outcome == smtpclient.Accepted && copies == 0,
				rcpt.Outcome != smtpclient.Accepted && rcpt.Outcome != smtpclient.Unknown && copies > 0:
				t.Errorf("mail %d, recipient %d: %s (%v), the server has %d copies", n, i, rcpt.Outcome, rcpt.Err, copies)
			}
		}
	}
	if all := server.deliveries(); all != own {
		t.Errorf("of %d deliveries %d are somebody's own: %v", all, own, server)
	}
}
