package smtpclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// ctx ending in Send kills the session. The outcome depends on how far the
// message had come.
func TestSendContext(t *testing.T) {
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap} {
		for at, want := range map[smtptest.Point]smtpclient.Outcome{
			smtptest.PointMAIL: smtpclient.NotSent, smtptest.PointRCPT: smtpclient.NotSent, smtptest.PointDATA: smtpclient.NotSent,
			smtptest.PointContent: smtpclient.NotSent, smtptest.PointEndOfData: smtpclient.Unknown,
		} {
			t.Run(fmt.Sprintf("%s/%s", mode, at), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv, c := newPipeServer(t)
					stop := smtptest.Stall()
					if at == smtptest.PointContent {
						stop = smtptest.StopReading()
					}
					srv.Script(smtptest.Fault{At: at, AfterBytes: 10, Do: stop})
					srv.Start()
					c.Mode = mode
					s := dial(t, c)
					ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errors.New("not the cause but the error"))
					defer cancel()
					m := mailTo(1, "b@b.test")
					m.Content = bytes.Repeat([]byte("0123456789\r\n"), 20_000)
					began := time.Now()
					r, err := s.Send(ctx, m)
					if !errors.Is(err, context.DeadlineExceeded) || r.Err != err {
						t.Errorf("%v, %v", err, r.Err)
					}
					if took := time.Since(began); took != 3*time.Second {
						t.Errorf("took %v", took)
					}
					wantOutcome(t, r, want)
					if e := asSession(t, err); e.Outcome != want || smtpclient.SafeToRetry(err) != (want == smtpclient.NotSent) {
						t.Errorf("%+v", e)
					}
					select {
					case <-s.Done():
					default:
						t.Error("the session lives on")
					}
					if r, err := s.Send(t.Context(), m); !errors.Is(err, context.DeadlineExceeded) || r.Recipients[0].Outcome != smtpclient.NotSent {
						t.Errorf("second message: %v, %v", r, err)
					}
					srv.Close()
				})
			})
		}
	}
}

// A ctx that has ended before Send: the message is not sent, or it is; nothing
// hangs, and the result is true.
func TestSendContextEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, c := newPipeServer(t)
		srv.Start()
		s := dial(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := s.Send(ctx, mailTo(1, "b@b.test"))
		srv.Close()
		if n := len(srv.Messages()); (err == nil) != (n == 1) && r.Recipients[0].Outcome != smtpclient.Unknown {
			t.Errorf("%v, %d messages", err, n)
		}
	})
}

// Close during a Send that is stalled ends it at once.
func TestCloseDuringSend(t *testing.T) {
	for at, want := range map[smtptest.Point]smtpclient.Outcome{
		smtptest.PointRCPT: smtpclient.NotSent, smtptest.PointContent: smtpclient.NotSent, smtptest.PointEndOfData: smtpclient.Unknown,
	} {
		t.Run(at.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv, c := newPipeServer(t)
				stop := smtptest.Stall()
				if at == smtptest.PointContent {
					stop = smtptest.StopReading()
				}
				srv.Script(smtptest.Fault{At: at, AfterBytes: 10, Do: stop})
				srv.Start()
				s := dial(t, c)
				m := mailTo(1, "b@b.test")
				m.Content = bytes.Repeat([]byte("0123456789\r\n"), 20_000)
				time.AfterFunc(time.Second, func() { s.Close() })
				r, err := s.Send(t.Context(), m)
				if !errors.Is(err, smtpclient.ErrClosed) {
					t.Error(err)
				}
				wantOutcome(t, r, want)
				if err := s.Close(); err != nil || !errors.Is(s.Err(), smtpclient.ErrClosed) {
					t.Error(err, s.Err())
				}
				srv.Close()
			})
		})
	}
}

// Close with content still to be sent: its message is not sent.
func TestCloseBeforeFlush(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	s := dial(t, c)
	results := 0
	s.Start(mailTo(1, "b@b.test"), func(r *smtpclient.Result) {
		results++
		wantOutcome(t, *r, smtpclient.NotSent)
	})
	if results != 0 {
		t.Error("result before the content is out")
	}
	s.Close()
	s.Flush()
	srv.Close()
	if n := len(srv.Messages()); results != 1 || n != 0 {
		t.Errorf("%d results, %d messages", results, n)
	}
}

func TestSessionAccessors(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Extensions = []string{"PIPELINING", "LIMITS MAILMAX=2"}
	srv.Start()
	s := dial(t, c)
	other := dial(t, c)
	if s.ID() == other.ID() || s.TLS() != nil || s.Err() != nil || s.Begun() != 0 || s.Spent() || !s.Extensions().Pipelining {
		t.Errorf("%d %d %v %v %d %v", s.ID(), other.ID(), s.TLS(), s.Err(), s.Begun(), s.Spent())
	}
	for i := range 3 {
		if s.Spent() != (i == 2) || s.Begun() != i {
			t.Errorf("after %d messages: spent %v, begun %d", i, s.Spent(), s.Begun())
		}
		r, err := s.Send(t.Context(), mailTo(i, "b@b.test"))
		if i < 2 && err != nil || i == 2 && (!errors.Is(err, smtpclient.ErrSpent) || r.Recipients[0].Outcome != smtpclient.NotSent) {
			t.Errorf("message %d: %v", i, err)
		}
	}
	if err := s.Quit(t.Context()); err != nil || s.Err() != nil {
		t.Error(err, s.Err())
	}
	<-s.Done()
}

// 5,000 recipients in one transaction: commands and replies must not wait for one
// another, however little the network holds.
func TestManyRecipients(t *testing.T) {
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap, smtpclient.ModeStream} {
		for _, buffer := range []int{0, 1, 4096} {
			t.Run(fmt.Sprintf("%v-%d", mode, buffer), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { sendToMany(t, mode, buffer) })
			})
		}
	}
}

func sendToMany(t *testing.T, mode smtpclient.Mode, buffer int) {
	srv, c := newPipeServer(t)
	if buffer > 0 {
		srv, c = newBufferedServer(t, buffer)
	}
	srv.OnRcpt = refuseByName
	srv.Start()
	c.Mode, c.MaxRecipients = mode, 5000
	var to []string
	for i := range 5000 {
		to = append(to, fmt.Sprintf("%s%d@b.test", []string{"ok", "bad", "busy", "ok", "ok"}[i%5], i))
	}
	r, err := dial(t, c).Send(t.Context(), mailTo(1, to...))
	var several *smtpclient.RecipientsError
	if !errors.As(err, &several) {
		t.Fatal(err)
	}
	count := map[smtpclient.Outcome]int{}
	for i, rcpt := range r.Recipients {
		if rcpt.Address != to[i] {
			t.Fatalf("recipient %d is %s", i, rcpt.Address)
		}
		count[rcpt.Outcome]++
	}
	if count[smtpclient.Accepted] != 3000 || count[smtpclient.Rejected] != 1000 || count[smtpclient.Deferred] != 1000 {
		t.Errorf("%v", count)
	}
	if m := srv.Messages(); len(m) != 1 || len(m[0].To) != 3000 {
		t.Errorf("%d messages", len(m))
	}
}

// The default is 1,000 recipients in a transaction.
func TestManyRecipientsSplit(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.Start()
	var to []string
	for i := range 2500 {
		to = append(to, fmt.Sprintf("ok%d@b.test", i))
	}
	s := dial(t, c)
	if _, err := s.Send(t.Context(), mailTo(1, to...)); err != nil || s.Begun() != 3 {
		t.Errorf("%v, %d transactions", err, s.Begun())
	}
	got := map[string]int{}
	for _, m := range srv.Messages() {
		for _, rcpt := range m.To {
			got[rcpt.Address]++
		}
	}
	if len(got) != 2500 {
		t.Errorf("%d recipients", len(got))
	}
}

// Content around the block size, and much over it: in one block and in many,
// alone and with the next envelope behind it.
func TestContentSizes(t *testing.T) {
	for _, mode := range []smtpclient.Mode{smtpclient.ModeLockstep, smtpclient.ModeEnvelope, smtpclient.ModeOverlap} {
		srv, c := newPipeServer(t)
		srv.Start()
		c.Mode = mode
		s := dial(t, c)
		var sizes []int
		for d := -6; d <= 6; d++ {
			sizes = append(sizes, 64<<10+d, 2*64<<10+d)
		}
		sizes = append(sizes, 2, 5<<20, 100)
		var mails []*smtpclient.Mail
		for i, size := range sizes {
			m := mailTo(i, fmt.Sprintf("r%d@b.test", i))
			m.Content = bytes.Repeat([]byte(".23456\r\n"), size/8+1)[:size-2]
			m.Content = append(bytes.TrimRight(m.Content, "\r\n"), "\r\n"...)
			mails = append(mails, m)
		}
		for i, m := range mails {
			s.Start(m, func(r *smtpclient.Result) {
				if r.Err != nil {
					t.Errorf("%s, %d octets: %v", mode, sizes[i], r.Err)
				}
			})
			if i%3 == 0 {
				s.Flush()
			}
		}
		s.Flush()
		got := srv.Messages()
		if len(got) != len(mails) {
			t.Fatalf("%s: %d messages, want %d", mode, len(got), len(mails))
		}
		for i, m := range got {
			if !bytes.Equal(m.Data, mails[i].Content) || m.From != mails[i].From {
				t.Errorf("%s: message of %d octets is not what was sent", mode, sizes[i])
			}
		}
	}
}

// A brokenPipe is a connection whose writes fail, once many octets are out,
// while reads go on: what TCP is like when the other side has said its last word.
type brokenPipe struct {
	net.Conn
	left int
	say  func()
}

func (c *brokenPipe) Write(p []byte) (int, error) {
	if len(p) > c.left {
		c.say()
		return 0, syscall.EPIPE
	}
	c.left -= len(p)
	return c.Conn.Write(p)
}

// A write error gives way to the server's reply, for the message and for the
// session (rules 8 and 9).
func TestWriteErrorGivesWayToReply(t *testing.T) {
	for reply, want := range map[string]smtpclient.Outcome{
		"552 5.3.4 too large": smtpclient.Rejected, "421 4.3.0 disk trouble": smtpclient.Deferred, "": smtpclient.NotSent,
	} {
		t.Run(reply, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, server := net.Pipe()
				failed := make(chan struct{})
				broken := &brokenPipe{Conn: conn, left: 100_000, say: func() { close(failed) }}
				go script(server, "220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n")
				s, err := smtpclient.NewSession(t.Context(), broken, smtpclient.Config{Security: smtpclient.Plaintext})
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					<-failed
					<-time.After(time.Second)
					if reply != "" {
						io.WriteString(server, reply+"\r\n")
					}
				}()
				m := mailTo(1, "b@b.test")
				m.Content = bytes.Repeat([]byte("0123456789\r\n"), 20_000)
				r, err := s.Send(t.Context(), m)
				wantOutcome(t, r, want)
				var got *smtpclient.ReplyError
				if reply == "" {
					if !errors.Is(err, syscall.EPIPE) {
						t.Errorf("message: %v", err)
					}
				} else {
					if !errors.As(err, &got) || got.Reply.String() != reply {
						t.Errorf("message: %v, want %s", err, reply)
					}
					if !errors.As(s.Err(), &got) {
						t.Errorf("session: %v, want %s", s.Err(), reply)
					}
				}
				s.Close()
				server.Close()
			})
		})
	}
}

// A write that goes through only in part: by how far the dot got.
func TestPartialWrite(t *testing.T) {
	const content = "Subject: x\r\n"
	envelope := len("EHLO client.test\r\n") + len("MAIL FROM:<a@a.test>\r\nRCPT TO:<b@b.test>\r\nDATA\r\n")
	for n, want := range map[int]smtpclient.Outcome{
		0: smtpclient.NotSent, 5: smtpclient.NotSent, len(content): smtpclient.NotSent,
		len(content) + 1: smtpclient.Unknown, len(content) + 2: smtpclient.Unknown,
	} {
		synctest.Test(t, func(t *testing.T) {
			conn, server := net.Pipe()
			go script(server, "220 mx\r\n", "250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n")
			cut := &shortWriter{Conn: conn, left: envelope + n}
			s, err := smtpclient.NewSession(t.Context(), cut, smtpclient.Config{Security: smtpclient.Plaintext, LocalName: "client.test"})
			if err != nil {
				t.Fatal(err)
			}
			m := &smtpclient.Mail{From: "a@a.test", To: smtpclient.Recipients("b@b.test"), Content: []byte(content)}
			r, err := s.Send(t.Context(), m)
			if !errors.Is(err, syscall.EPIPE) {
				t.Errorf("%d octets of content: %v", n, err)
			}
			wantOutcome(t, r, want)
			server.Close()
		})
	}
}

// A shortWriter takes so many octets and then fails in the middle of a write.
type shortWriter struct {
	net.Conn
	left int
}

func (c *shortWriter) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p[:min(len(p), c.left)])
	if c.left -= n; err == nil && n < len(p) {
		err = syscall.EPIPE
	}
	return n, err
}

// The session's goroutine ends with it, however it ends.
func TestNoLeaks(t *testing.T) {
	checkLeaks(t)
	srv := smtptest.NewServer()
	defer srv.Close()
	c := smtpclient.Config{Addr: srv.Addr, TLSConfig: srv.ClientTLSConfig()}
	for i, end := range []func(s *smtpclient.Session){
		func(s *smtpclient.Session) { s.Close() },
		func(s *smtpclient.Session) { s.Quit(context.Background()) },
		func(s *smtpclient.Session) { srv.CloseClientConnections(); <-s.Done() },
		func(s *smtpclient.Session) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			s.Send(ctx, mailTo(2, "b@b.test"))
			<-s.Done()
		},
	} {
		s, err := smtpclient.Dial(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Send(t.Context(), mailTo(i, "b@b.test")); err != nil {
			t.Error(err)
		}
		end(s)
	}
}

// A done func that is called in the session's own goroutine, and one in the
// caller's: each message has exactly one result, in order.
func TestResultsInOrder(t *testing.T) {
	srv, c := newPipeServer(t)
	srv.OnRcpt = refuseByName
	srv.Start()
	s := dial(t, c)
	var order []int
	for i := range 50 {
		to := []string{"ok@b.test", "bad@b.test", "no address"}[i%3]
		s.Start(mailTo(i, to), func(*smtpclient.Result) { order = append(order, i) })
	}
	s.Flush()
	if len(order) != 50 {
		t.Fatalf("%d results: %v", len(order), order)
	}
	seen := map[int]bool{}
	for _, i := range order {
		if seen[i] {
			t.Errorf("message %d twice", i)
		}
		seen[i] = true
	}
	if n := len(srv.Messages()); n != 17 {
		t.Errorf("%d messages, want 17", n)
	}
}
