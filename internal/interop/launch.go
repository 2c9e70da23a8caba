package interop

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// ErrUnavailable: the machine cannot run the server. The error says why.
var ErrUnavailable = errors.New("server unavailable")

// Attempts to start a server, since another process can take a port between
// its choice and its use.
const attempts = 3

// Launch starts a server in dir, an empty directory, and returns when all its
// ports greet. Ctx bounds the start only. The server runs until Stop, or until
// this process ends in whatever way.
func Launch(ctx context.Context, kind Kind, dir string) (*Server, error) {
	scripts, err := scriptDir()
	if err != nil {
		return nil, err
	}
	return launch(ctx, kind, filepath.Join(scripts, string(kind), "start.sh"), dir)
}

func launch(ctx context.Context, kind Kind, script, dir string) (*Server, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("interop: %w: not Linux", ErrUnavailable)
	}
	var err error
	for n := range attempts {
		work := filepath.Join(dir, fmt.Sprint(n))
		if err := os.Mkdir(work, 0o755); err != nil {
			return nil, err
		}
		var s *Server
		if s, err = start(kind, script, work); err != nil {
			return nil, err
		}
		if err = s.ready(ctx); err == nil {
			return s, nil
		}
		err = errors.Join(err, s.Stop())
		if !portTaken(s.log()) {
			break
		}
	}
	return nil, err
}

// start runs the script. Its output is the server's log.
func start(kind Kind, script, dir string) (*Server, error) {
	addrs, err := freeAddrs(kind.Ports())
	if err != nil {
		return nil, err
	}
	s := &Server{kind: kind, dir: dir, instance: rand.Text(), addrs: addrs, exited: make(chan struct{})}
	log, err := os.OpenFile(s.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd = exec.Command("bash", script)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if s.cmd.Env, err = s.environment(); err != nil {
		return nil, err
	}
	if s.lifeline, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("interop: %w: %w", ErrUnavailable, err)
	}
	go func() {
		s.cmd.Wait() // how it ended is told by ProcessState and the log
		close(s.exited)
	}()
	return s, nil
}

// environment is what servers/README.md has the scripts given.
func (s *Server) environment() ([]string, error) {
	cache := os.Getenv("BULKSMTP_SERVER_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("interop: %w: no cache directory: %w", ErrUnavailable, err)
		}
		cache = filepath.Join(user, "bulksmtp", "servers")
	}
	env := append(os.Environ(), "WORK="+s.dir, "CACHE="+cache, "INSTANCE="+s.instance, "APT="+os.Getenv("BULKSMTP_APT"))
	for port, addr := range s.addrs {
		_, number, _ := net.SplitHostPort(addr)
		env = append(env, "PORT_"+strings.ToUpper(string(port))+"="+number)
	}
	return env, nil
}

// ready waits until every port greets.
func (s *Server) ready(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.greets(ctx)
		if err == nil {
			return s.trust()
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return s.failure()
		case <-ctx.Done():
			return fmt.Errorf("interop: %s is not ready: %w: %w", s.kind, ctx.Err(), err)
		}
	}
}

func (s *Server) greets(ctx context.Context) error {
	for port, addr := range s.addrs {
		if err := s.greeting(ctx, addr, layouts[s.kind].ports[port]); err != nil {
			return fmt.Errorf("port %s: %w", port, err)
		}
	}
	return nil
}

// greeting reads the first line. It must have the instance's name: another
// server may have taken the port.
func (s *Server) greeting(ctx context.Context, addr string, implicitTLS bool) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if implicitTLS {
		// Only whether it is there; the tests verify the certificate.
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "220 ") && !strings.HasPrefix(line, "* OK ") || !strings.Contains(line, s.instance) {
		return fmt.Errorf("greets with %q", line)
	}
	return nil
}

// exitUnavailable is the start scripts' status for "cannot run here".
const exitUnavailable = 77

// failure says why a start script has ended.
func (s *Server) failure() error {
	log := s.log()
	if s.cmd.ProcessState.ExitCode() == exitUnavailable {
		return fmt.Errorf("interop: %w: %s: %s", ErrUnavailable, s.kind, lastLine(log))
	}
	return fmt.Errorf("interop: %s ended: %s\n%s", s.kind, s.cmd.ProcessState, bytes.TrimSpace(log))
}

// lastLine is where a start script says why the machine cannot run it.
func lastLine(log []byte) []byte {
	log = bytes.TrimSpace(log)
	return log[bytes.LastIndexByte(log, '\n')+1:]
}

func (s *Server) log() []byte {
	log, err := os.ReadFile(s.LogFile())
	if err != nil {
		return []byte(err.Error())
	}
	return log
}

func portTaken(log []byte) bool {
	return bytes.Contains(log, []byte("Address already in use"))
}

// scriptDir finds servers/ from the working directory upwards: a test runs in
// the directory of its package.
func scriptDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		scripts := filepath.Join(dir, "internal", "interop", "servers")
		if _, err := os.Stat(scripts); err == nil {
			return scripts, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("interop: %w: not below the module's directory", ErrUnavailable)
		}
		dir = filepath.Dir(dir)
	}
}
