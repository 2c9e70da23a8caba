package smtpclient_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// FuzzStream: whatever the contents are, a session in ModeStream that is read
// back strictly, BDAT by its octets and DATA by its dot, has the same contents
// in the same envelopes, or the message was refused on this side.
func FuzzStream(f *testing.F) {
	f.Add([]byte("Subject: x\r\n\r\nx\r\n"), byte(10), byte(0))
	f.Add([]byte("a\n.\nb\r\n.\r\nRSET\r\nMAIL FROM:<x@y>\r\n"), byte(5), byte(2))
	f.Add([]byte("BDAT 86 LAST\r\n.\r\n..\r\n\r\n"), byte(1), byte(0xff))
	f.Add(bytes.Repeat([]byte(".\r\n"), 60), byte(90), byte(1))
	f.Fuzz(func(t *testing.T, in []byte, cut, settings byte) {
		if len(in) > 1000 {
			t.Skip("no more to be learnt")
		}
		synctest.Test(t, func(t *testing.T) { streamBack(t, in, int(cut), settings) })
	})
}

// streamBack cuts in into contents and streams them.
func streamBack(t *testing.T, in []byte, cut int, settings byte) {
	var mails []*smtpclient.Mail
	for i := 0; i == 0 || len(in) > 0 && i < 20; i++ {
		n := min(len(in), cut+1)
		m := mailTo(i, fmt.Sprintf("b%d@b.test", i))
		m.Content = fmt.Appendf(nil, "%s%d\r\n\r\n%s", contentMark, i, in[:n])
		if settings&2 != 0 && i == 1 {
			m.Content = append(m.Content, bytes.Repeat([]byte("\r\n.block after block"), 8000)...)
		}
		in = in[n:]
		mails = append(mails, m)
	}
	here, there := pipenet.Pipe(1 << 16)
	conn := &eavesdropper{Conn: here}
	server := &whim{conn: there, offers: []string{"PIPELINING", "CHUNKING", "8BITMIME", "SIZE 10000000"}, stream: true}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.serve()
	}()
	s, err := smtpclient.NewSession(context.Background(), conn, smtpclient.Config{
		Security: smtpclient.Plaintext, LocalName: "client.test", Mode: smtpclient.ModeStream, Window: 1 + int(settings>>4),
		BareNewlines: smtpclient.BareNewlines(settings & 1),
	})
	if err != nil {
		t.Fatal(err)
	}
	results := make([]smtpclient.Result, len(mails))
	for i, m := range mails {
		s.Start(m, func(r *smtpclient.Result) { results[i] = *r })
		if settings&4 != 0 && i%3 == 2 {
			s.Flush()
		}
	}
	s.Flush()
	if err := s.Quit(context.Background()); err != nil {
		t.Error(err)
	}
	<-served
	checkStreamed(t, conn.events, server, mails, results)
}

// checkStreamed compares what was written, and what an honest server took, with
// what was to be sent.
func checkStreamed(t *testing.T, events []event, server *whim, mails []*smtpclient.Mail, results []smtpclient.Result) {
	var sent []*smtpclient.Mail
	for i, m := range mails {
		if results[i].Err != nil {
			if err := m.Check(smtpclient.NormalizeBareNewlines); err == nil && !bytes.ContainsAny(m.Content, "\r\n\x00") {
				t.Errorf("%q: %v", m.Content, results[i].Err)
			}
			continue
		}
		m.Content = canonical(m.Content)
		sent = append(sent, m)
	}
	o := observe(events, smtpclient.ModeStream, sent)
	for _, wrong := range o.wrong {
		t.Error(wrong)
	}
	if len(o.all) != len(sent) || len(server.taken) != len(sent) || len(o.pending) > 0 {
		t.Errorf("%d sent, %d transactions, %d taken, %q left over", len(sent), len(o.all), len(server.taken), o.pending)
	}
	for i, got := range server.taken {
		if i < len(sent) && (got.from != sent[i].From || len(got.to) != 1 || got.to[0] != sent[i].To[0].Address || got.data != string(sent[i].Content)) {
			t.Errorf("taken %+v, want %+v", got, sent[i])
		}
	}
}

// canonical is content as it goes out: CRLF for every line end, one at the end,
// and no NUL.
func canonical(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	b = bytes.ReplaceAll(b, []byte("\r"), []byte("\n"))
	b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	b = bytes.ReplaceAll(b, []byte{0}, nil)
	if !bytes.HasSuffix(b, []byte("\r\n")) {
		b = append(b, "\r\n"...)
	}
	return b
}
