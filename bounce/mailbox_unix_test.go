//go:build unix

package bounce_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// A named pipe that nobody writes to does not stop the reading.
func TestNamedPipe(t *testing.T) {
	p := newParser(t, bounce.Config{})
	dir := t.TempDir()
	put(t, filepath.Join(dir, "new", "a"), read(t, "dsn-postfix"))
	put(t, filepath.Join(dir, "cur", "b:2,S"), read(t, "dsn-postfix"))
	if err := syscall.Mkfifo(filepath.Join(dir, "new", "fifo"), 0o600); err != nil {
		t.Skip(err)
	}
	same(t, seen(p.Dir(dir)), "b:2,S dsn", "a dsn")
	same(t, seen(p.Maildir(dir)), "a dsn", "b:2,S dsn")
}
