package smtptest_test

import (
	"context"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// crypto/tls sets a write deadline that has passed behind its close_notify,
// which must not cut off the reply to QUIT while it is still under way.
func TestQuitOverTLSWithLatency(t *testing.T) {
	server := smtptest.NewUnstartedServer()
	server.Latency = time.Millisecond
	server.Start()
	defer server.Close()
	session, err := smtpclient.Dial(t.Context(), smtpclient.Config{Addr: server.Addr, TLSConfig: server.ClientTLSConfig()})
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Quit(context.Background()); err != nil {
		t.Error(err)
	}
}
