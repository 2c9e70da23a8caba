package pipenet_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"golang.org/x/net/nettest"
)

// A buffered pipe does what net.Conn promises.
func TestPipeIsConn(t *testing.T) {
	nettest.TestConn(t, func() (here, there net.Conn, stop func(), err error) {
		here, there = pipenet.Pipe(1000)
		return here, there, func() { here.Close(); there.Close() }, nil
	})
}

// What was written before Close arrives, and Write waits for room.
func TestPipeBuffers(t *testing.T) {
	here, there := pipenet.Pipe(5)
	if _, err := here.Write([]byte("abcde")); err != nil {
		t.Fatal(err)
	}
	_ = here.SetWriteDeadline(time.Unix(1, 0))
	if n, err := here.Write([]byte("f")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d octets written without room, %v", n, err)
	}
	here.Close()
	if got, err := io.ReadAll(there); string(got) != "abcde" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := there.Write([]byte("x")); err == nil {
		t.Error("written to nobody")
	}
}
