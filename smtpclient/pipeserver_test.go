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
	return newServerOn(t, pipenet.Listen())
}

// newBufferedServer is newPipeServer on a network with buffers of that size.
func newBufferedServer(t *testing.T, size int) (*smtptest.Server, smtpclient.Config) {
	return newServerOn(t, pipenet.ListenBuffered(size))
}

func newServerOn(t *testing.T, l *pipenet.Listener) (*smtptest.Server, smtpclient.Config) {
	srv := smtptest.NewUnstartedServer()
	srv.Listener.Close()
	srv.Listener = l
	t.Cleanup(srv.Close)
	return srv, smtpclient.Config{
		Network: "unix", Addr: "mx.example.test", Dial: l.Dial, Security: smtpclient.Plaintext, LocalName: "client.test",
	}
}
