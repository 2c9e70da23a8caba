package interop

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// startTimeout leaves time to download the packages.
const startTimeout = 3 * time.Minute

// logTail is how much of the log a failed test shows.
const logTail = 8 << 10

// Start starts a server for a test and stops it behind the test. Where the
// machine cannot run the server it skips the test, or fails it if
// BULKSMTP_REQUIRE_SERVERS is 1. A test that fails shows the end of the
// server's log.
func Start(tb testing.TB, kind Kind) *Server {
	tb.Helper()
	skipIfTold(tb)
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	s, err := Launch(ctx, kind, tb.TempDir())
	if errors.Is(err, ErrUnavailable) && os.Getenv("BULKSMTP_REQUIRE_SERVERS") != "1" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("log of %s:\n%s", kind, tail(s.log(), logTail))
		}
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// skipIfTold skips a test where another run has those with real servers.
func skipIfTold(tb testing.TB) {
	tb.Helper()
	if os.Getenv("BULKSMTP_NO_SERVERS") == "1" {
		tb.Skip("BULKSMTP_NO_SERVERS is 1")
	}
}

// tail returns the last whole lines of b, n octets at most.
func tail(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	b = b[len(b)-n:]
	return b[bytes.IndexByte(b, '\n')+1:]
}
