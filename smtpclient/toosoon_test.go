package smtpclient_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// A 250 that comes while the last block of a content is being written might be
// its own. When that write then fails, its end was never sent: it was another
// command's, and nothing that came with it can be believed.
func TestAcceptedBeforeItsEnd(t *testing.T) {
	const taken = "250 taken\r\n"
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		for name, last := range map[string]string{
			"alone": taken,
			// all that is due, up to what would prove it
			"with the next envelope's": taken + "250 reset\r\n250 ok\r\n250 ok\r\n354 go on\r\n",
		} {
			t.Run(mode.String()+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { acceptTooSoon(t, mode, last) })
			})
		}
	}
}

func acceptTooSoon(t *testing.T, mode smtpclient.Mode, last string) {
	here, there := pipenet.Pipe(2000)
	// Of the content, behind its first block, the server reads no more than it
	// takes for the last to be begun.
	replies := []string{"220 mx\r\n", "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"}
	if mode == smtpclient.ModeStream {
		replies = replies[:4]
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		defer there.Close()
		serveTooSoon(there, replies, last)
	}()
	s, err := smtpclient.NewSession(context.Background(), here, smtpclient.Config{Security: smtpclient.Plaintext, LocalName: "client.test", Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	large, small := mailTo(0, "b@b.test"), mailTo(1, "b@b.test")
	large.Content = bytes.Repeat([]byte("123456789.\r\n"), 180<<10/12)
	var results [2]smtpclient.Result
	s.Start(large, func(r *smtpclient.Result) { results[0] = *r })
	s.Start(small, func(r *smtpclient.Result) { results[1] = *r })
	s.Flush()
	s.Close()
	<-served
	if got := results[0].Recipients[0].Outcome; got != smtpclient.Unknown && got != smtpclient.NotSent {
		t.Errorf("%v, and its end was never sent", got)
	}
	wantOutcome(t, results[1], smtpclient.NotSent)
}

// serveTooSoon answers the commands up to the content, and what is behind, with
// last, as soon as the content's last block is under way.
func serveTooSoon(conn net.Conn, replies []string, last string) {
	io.WriteString(conn, replies[0])
	var in []byte
	buf := make([]byte, 1000)
	read := func() bool {
		n, err := conn.Read(buf)
		in = append(in, buf[:n]...)
		return err == nil
	}
	for _, reply := range replies[1:] {
		for !bytes.Contains(in, []byte("\r\n")) {
			if !read() {
				return
			}
		}
		_, in, _ = bytes.Cut(in, []byte("\r\n"))
		io.WriteString(conn, reply)
	}
	for len(in) < 140<<10 {
		if !read() {
			return
		}
	}
	io.WriteString(conn, last)
	<-time.After(time.Second) // fake time
}
