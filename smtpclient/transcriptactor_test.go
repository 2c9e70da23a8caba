package smtpclient_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// An actor plays the server's part of a transcript.
type actor struct {
	conn   net.Conn
	script []string
	write  func(net.Conn, []byte) error
	buf    [1 << 20]byte
}

// play returns the first deviation of the client from the script.
func (a *actor) play() error {
	defer a.conn.Close()
	for len(a.script) > 0 {
		before := len(a.script)
		verb, arg, _ := strings.Cut(a.script[0], " ")
		var err error
		switch verb {
		case "S", "S*":
			err = a.say()
		case "C":
			err = a.hear()
		case "hello":
			err = a.hello(arg)
		case "content":
			err = a.content(arg)
		case "wait":
			err = wait(arg)
		case "close":
			return nil
		case "stall":
			io.Copy(io.Discard, a.conn)
			return nil
		default:
			err = fmt.Errorf("unknown step")
		}
		if err != nil {
			return fmt.Errorf("%d steps before the end: %w", before, err)
		}
		if len(a.script) == before {
			a.script = a.script[1:]
		}
	}
	// What the client writes beyond the script is wrong.
	if n, _ := a.conn.Read(a.buf[:]); n > 0 {
		return fmt.Errorf("client wrote %q after the end of the script", a.buf[:n])
	}
	return nil
}

// say writes adjacent S lines. The client may have closed by the last of them.
func (a *actor) say() error {
	var out bytes.Buffer
	for len(a.script) > 0 && strings.HasPrefix(a.script[0], "S") {
		verb, text, _ := strings.Cut(a.script[0], " ")
		out.WriteString(text)
		if verb == "S" {
			out.WriteString("\r\n")
		}
		a.script = a.script[1:]
	}
	if err := a.write(a.conn, out.Bytes()); err != nil && len(a.script) > 0 && a.script[0] != "close" {
		return fmt.Errorf("writing %q: %w", out.String(), err)
	}
	return nil
}

// hear reads adjacent C lines, which must come in one write.
func (a *actor) hear() error {
	var want strings.Builder
	for len(a.script) > 0 && (a.script[0] == "C" || strings.HasPrefix(a.script[0], "C ")) {
		want.WriteString(strings.TrimPrefix(strings.TrimPrefix(a.script[0], "C"), " ") + "\r\n")
		a.script = a.script[1:]
	}
	n, err := a.conn.Read(a.buf[:])
	if err != nil {
		return fmt.Errorf("waiting for %q: %w", want.String(), err)
	}
	if got := string(a.buf[:n]); got != want.String() {
		return fmt.Errorf("client wrote\n%s\nwant\n%s", got, want.String())
	}
	return nil
}

// hello greets and answers EHLO.
func (a *actor) hello(extensions string) error {
	reply := "250 mx.example.test\r\n"
	if extensions != "" {
		reply = "250-mx.example.test\r\n250-" + strings.ReplaceAll(extensions, "|", "\r\n250-") + "\r\n250 HELP\r\n"
	}
	if err := a.write(a.conn, []byte("220 mx.example.test ESMTP\r\n")); err != nil {
		return err
	}
	n, err := a.conn.Read(a.buf[:])
	if err != nil || string(a.buf[:n]) != "EHLO client.test\r\n" {
		return fmt.Errorf("client wrote %q, %v; want EHLO", a.buf[:n], err)
	}
	return a.write(a.conn, []byte(reply))
}

func (a *actor) content(octets string) error {
	n, err := strconv.Atoi(octets)
	if err != nil {
		return err
	}
	_, err = io.ReadFull(a.conn, a.buf[:n])
	return err
}

func wait(duration string) error {
	d, err := time.ParseDuration(duration)
	if err == nil {
		<-time.After(d)
	}
	return err
}
