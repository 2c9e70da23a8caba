package smtpclient_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// A pipeListener accepts unbuffered connections within the process, so that a
// test server can live in a synctest bubble, and a deadlock shows.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// dial is for Config.Dial.
func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// newPipeServer returns a server on a pipeListener, not started yet, and a
// plaintext Config to reach it with.
func newPipeServer(t *testing.T) (*smtptest.Server, smtpclient.Config) {
	l := newPipeListener()
	srv := smtptest.NewUnstartedServer()
	srv.Listener.Close()
	srv.Listener = l
	t.Cleanup(srv.Close)
	return srv, smtpclient.Config{
		Network: "unix", Addr: "mx.example.test", Dial: l.dial, Security: smtpclient.Plaintext, LocalName: "client.test",
	}
}
