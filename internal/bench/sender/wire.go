package sender

import (
	"bytes"
	"fmt"
	"net"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

// A wire is a floor's connection.
type wire struct {
	net.Conn
	in       []byte
	from, to int // what of in has been read and not looked at
}

// dialWire connects and says EHLO.
func dialWire(addr string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: conn, in: make([]byte, 64<<10)}
	if err := w.replies(1); err != nil {
		return nil, err
	}
	return w, w.exchange([]byte("EHLO localhost\r\n"), 1)
}

// exchange writes b and reads n replies.
func (w *wire) exchange(b []byte, n int) error {
	if _, err := w.Write(b); err != nil {
		return err
	}
	return w.replies(n)
}

// replies reads n replies, none of which may be a refusal.
func (w *wire) replies(n int) error {
	for n > 0 {
		line, err := w.line()
		switch {
		case err != nil:
			return err
		case len(line) < 4 || line[0] != '2' && line[0] != '3':
			return fmt.Errorf("reply %q", line)
		case line[3] != '-':
			n--
		}
	}
	return nil
}

func (w *wire) line() ([]byte, error) {
	for {
		if k := bytes.IndexByte(w.in[w.from:w.to], '\n'); k >= 0 {
			line := w.in[w.from : w.from+k]
			w.from += k + 1
			return line, nil
		}
		w.from, w.to = 0, copy(w.in, w.in[w.from:w.to])
		n, err := w.Read(w.in[w.to:])
		if err != nil {
			return nil, err
		}
		w.to += n
	}
}

const mailCommand = "MAIL FROM:<" + content.From + ">\r\n"

func appendRCPT(b []byte, i int) []byte {
	return append(content.AppendRecipient(append(b, "RCPT TO:<"...), i), ">\r\n"...)
}

// appendEnvelope appends the three commands in front of mail data.
func appendEnvelope(b []byte, i int) []byte {
	return append(appendRCPT(append(b, mailCommand...), i), "DATA\r\n"...)
}
