package interop

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A Server is a running mail server. Its methods are for one goroutine at a
// time.
type Server struct {
	kind     Kind
	dir      string // the working directory
	instance string // in the greeting
	addrs    map[Port]string
	roots    *x509.CertPool // set when it is ready

	cmd      *exec.Cmd
	lifeline io.WriteCloser // the server ends when it is closed
	exited   chan struct{}  // closed when the process has been waited for
}

// Kind returns what the server is.
func (s *Server) Kind() Kind { return s.kind }

// Addr returns host and port of a service, and panics if the server's kind does
// not have it.
func (s *Server) Addr(p Port) string {
	addr, ok := s.addrs[p]
	if !ok {
		panic(fmt.Sprintf("interop: %s has no port %q", s.kind, p))
	}
	return addr
}

// CAFile returns a PEM file with the authority that signed the certificate.
func (s *Server) CAFile() string { return filepath.Join(s.dir, "ca.pem") }

// TLS returns a configuration that trusts the server and nobody else.
func (s *Server) TLS() *tls.Config {
	return &tls.Config{ServerName: Host, RootCAs: s.roots}
}

// LogFile returns the file that the server's log goes to.
func (s *Server) LogFile() string { return filepath.Join(s.dir, "log") }

// Maildir returns the maildir's path, for who reads it without taking mail out.
// It is made by the first delivery.
func (s *Server) Maildir() string { return filepath.Dir(s.path(layouts[s.kind].maildir)) }

// path returns where a layout's path is found from outside. The layers of a
// server's file system are in its mount namespace only.
func (s *Server) path(inside string) string {
	if !filepath.IsAbs(inside) {
		return filepath.Join(s.dir, inside)
	}
	return fmt.Sprintf("/proc/%d/root%s", s.cmd.Process.Pid, inside)
}

// stopTimeout bounds the wait for a server whose lifeline is cut. It is killed
// afterwards.
const stopTimeout = 10 * time.Second

// Stop ends the server with all its processes and waits for it. The maildir
// goes with it.
func (s *Server) Stop() error {
	s.lifeline.Close()
	select {
	case <-s.exited:
		return nil
	case <-time.After(stopTimeout):
	}
	err := s.cmd.Process.Kill()
	<-s.exited
	return errors.Join(fmt.Errorf("interop: %s did not end by itself", s.kind), err)
}

// restarted is what the start script says when all processes are dead.
const restarted = "supervise: killed, starting anew\n"

// Restart kills the server's processes, all at once and without a warning, and
// returns when it greets again, on the same ports. What it had accepted is still
// there.
func (s *Server) Restart(ctx context.Context) error {
	before := bytes.Count(s.log(), []byte(restarted))
	if _, err := io.WriteString(s.lifeline, "restart\n"); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for bytes.Count(s.log(), []byte(restarted)) == before {
		select {
		case <-tick.C:
		case <-s.exited:
			return s.failure()
		case <-ctx.Done():
			return fmt.Errorf("interop: %s does not die: %w", s.kind, ctx.Err())
		}
	}
	return s.ready(ctx)
}

// trust reads the authority that the start script has made.
func (s *Server) trust() error {
	pem, err := os.ReadFile(s.CAFile())
	if err != nil {
		return err
	}
	s.roots = x509.NewCertPool()
	if !s.roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("interop: no certificate in %s", s.CAFile())
	}
	return nil
}
