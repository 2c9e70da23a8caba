package smtpclient_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/pipenet"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// newPipeServer returns a server on a network without buffers, not started yet, and a
// plaintext Config to reach it with.
func newPipeServer(t *testing.T) (*smtptest.Server, smtpclient.Config) {
	l := pipenet.Listen()
	srv := smtptest.NewUnstartedServer()
	srv.Listener.Close()
	srv.Listener = l
	t.Cleanup(srv.Close)
	return srv, smtpclient.Config{
		Network: "unix", Addr: "mx.example.test", Dial: l.Dial, Security: smtpclient.Plaintext, LocalName: "client.test",
	}
}
