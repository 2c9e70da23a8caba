package interop_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// launch runs one of the scripts in testdata in place of a start script.
func launch(t *testing.T, ctx context.Context, name string) (dir string, err error) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the start scripts are for Linux")
	}
	dir = t.TempDir()
	s, err := interop.LaunchScript(ctx, interop.Postfix, filepath.Join("testdata", name), dir)
	if err == nil {
		s.Stop()
		t.Fatalf("%s: no error", name)
	}
	return dir, err
}

func TestLaunchSaysWhyUnavailable(t *testing.T) {
	_, err := launch(t, t.Context(), "unavailable.sh")
	if !errors.Is(err, interop.ErrUnavailable) || !strings.HasSuffix(err.Error(), "not on Mondays") {
		t.Errorf("got %v; want ErrUnavailable with the last line", err)
	}
}

func TestLaunchReportsFailure(t *testing.T) {
	_, err := launch(t, t.Context(), "broken.sh")
	if errors.Is(err, interop.ErrUnavailable) || !strings.Contains(err.Error(), "no such thing") {
		t.Errorf("got %v; want a failure with the log", err)
	}
}

func TestLaunchTriesOtherPorts(t *testing.T) {
	dir, _ := launch(t, t.Context(), "taken.sh")
	tries, err := filepath.Glob(filepath.Join(dir, "*", "log"))
	if err != nil || len(tries) != 3 {
		t.Fatalf("%d tries, %v; want 3", len(tries), err)
	}
	seen := map[string]bool{}
	for _, name := range tries {
		log, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(log)] = true
	}
	if len(seen) != len(tries) {
		t.Errorf("the same port again: %v", seen)
	}
}

func TestLaunchEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := launch(t, ctx, "silent.sh")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want context.Canceled", err)
	}
	if strings.Contains(err.Error(), "did not end by itself") {
		t.Errorf("the script outlived its standard input: %v", err)
	}
}

func TestFreeAddrs(t *testing.T) {
	addrs, err := interop.FreeAddrs(interop.Postfix.Ports())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, addr := range addrs {
		seen[addr] = true
	}
	if len(seen) != len(interop.Postfix.Ports()) {
		t.Errorf("%v for %v", addrs, interop.Postfix.Ports())
	}
	low, high := interop.Ephemeral()
	for _, addr := range addrs {
		_, number, _ := net.SplitHostPort(addr)
		if port, err := strconv.Atoi(number); err != nil || low <= port && port <= high {
			t.Errorf("%s is, or may become, a client's end of a connection: %d to %d (%v)", addr, low, high, err)
		}
	}
}

func TestTail(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"one\ntwo\n", 100, "one\ntwo\n"},
		{"one\ntwo\n", 5, "two\n"},
		{"one\ntwo\n", 4, ""},
	} {
		if got := interop.Tail([]byte(tt.in), tt.n); string(got) != tt.want {
			t.Errorf("Tail(%q, %d) = %q; want %q", tt.in, tt.n, got, tt.want)
		}
	}
}
