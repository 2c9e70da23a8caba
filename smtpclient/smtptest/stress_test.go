package smtptest_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// TestManySessions has sessions send at once while others look at the server,
// and checks that nothing is lost or mixed up.
func TestManySessions(t *testing.T) {
	const sessions, messages = 16, 40
	srv := start(t, func(s *smtptest.Server) { s.Latency = 100 * time.Microsecond })
	var senders sync.WaitGroup
	for i := range sessions {
		c := open(t, srv)
		senders.Go(func() {
			for j := range messages {
				fmt.Fprintf(c, "MAIL FROM:<%d.%d@x.example>\r\nRCPT TO:<%d.%d@y.example>\r\nDATA\r\n", i, j, i, j)
				for range 3 {
					c.reply()
				}
				fmt.Fprintf(c, "%d.%d\r\n.\r\n", i, j)
				c.reply()
			}
		})
	}
	var observer sync.WaitGroup
	observer.Go(func() {
		for i := range sessions * messages {
			srv.WaitMessages(t.Context(), i)
			srv.Messages()
			srv.Counters()
			if i < 20 {
				srv.Script(smtptest.Fault{At: smtptest.PointNOOP})
			}
		}
	})
	all := wait(t, srv, sessions*messages)
	senders.Wait()
	observer.Wait()
	seen := make(map[string]bool)
	for _, m := range all {
		id := strings.TrimSuffix(string(m.Data), "\r\n")
		if m.From != id+"@x.example" || m.To[0].Address != id+"@y.example" || seen[id] {
			t.Errorf("mixed up: %+v", m)
		}
		seen[id] = true
	}
	if c := srv.Counters(); c.Messages != sessions*messages || c.RoundTrips != 2*c.Messages || c.PeakConnections != sessions {
		t.Errorf("counters %+v", c)
	}
}

// TestCloseAmidTraffic closes the server under clients that never stop.
func TestCloseAmidTraffic(t *testing.T) {
	srv := smtptest.NewServer()
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				conn, err := net.Dial("tcp", srv.Addr)
				if err != nil {
					return
				}
				go io.WriteString(conn, "EHLO c\r\n"+strings.Repeat(chunked, 20)+"QUIT\r\n")
				io.Copy(io.Discard, conn)
				conn.Close()
			}
		})
	}
	wait(t, srv, 100)
	srv.CloseClientConnections()
	wait(t, srv, 500)
	srv.Close()
	before := srv.Counters()
	clients.Wait()
	if after := srv.Counters(); after.Messages != before.Messages || after.OpenConnections != 0 || len(srv.Messages()) != int(after.Messages) {
		t.Errorf("after Close %+v, at Close %+v", after, before)
	}
}

// FuzzContent checks that mail data arrive as they were, whatever they are and
// wherever they are cut.
func FuzzContent(f *testing.F) {
	for _, seed := range []string{"", ".", "..", "a\r\n.b", "\r\n\r\n.", "\n.\n", "\r.\r", "\r\r\n..\r"} {
		f.Add(seed, uint(3))
	}
	srv := smtptest.NewServer()
	f.Cleanup(srv.Close)
	f.Fuzz(func(t *testing.T, data string, cut uint) {
		data += "\r\n"
		stuffed := strings.ReplaceAll("\r\n"+data, "\r\n.", "\r\n..")[2:] + ".\r\n"
		c := open(t, srv)
		c.raw(group)
		c.want("250", "250", "354")
		at := cut % uint(len(stuffed))
		c.raw(stuffed[:at])
		c.raw(stuffed[at:])
		c.want("250")
		c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nS: 250\nS: 250")
		c.raw(fmt.Sprintf("BDAT %d\r\n%sBDAT %d LAST\r\n%s", len(data[:len(data)/2]), data[:len(data)/2], len(data)-len(data)/2, data[len(data)/2:]))
		c.want("250", "250")
		messages := srv.Messages()
		for _, m := range messages[len(messages)-2:] {
			if string(m.Data) != data {
				t.Errorf("via %s: got %q, want %q", m.Via, m.Data, data)
			}
		}
	})
}

// FuzzSession sends anything, and checks that the server answers in whole
// lines and closes the connection when the client does.
func FuzzSession(f *testing.F) {
	for _, d := range dialogues {
		f.Add(strings.ReplaceAll(d.transcript, "C: ", ""))
	}
	f.Add("EHLO c\r\n" + group + "Hi\r\n.\r\n" + chunked + "AUTH LOGIN\r\n*\r\nBDAT 3\r\nSTARTTLS\r\n")
	f.Fuzz(func(t *testing.T, input string) {
		srv := start(t, func(s *smtptest.Server) { s.Users = map[string]string{"u": "p"} })
		c := dial(t, srv)
		go func() {
			io.WriteString(c, input)
			c.Conn.(*net.TCPConn).CloseWrite()
		}()
		output, err := io.ReadAll(c.r)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(output), "220 ") {
			t.Errorf("output %q", output)
		}
		srv.Close()
	})
}
