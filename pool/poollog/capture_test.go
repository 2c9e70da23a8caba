package poollog_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/bulksmtp/bulksmtp/pool/poollog"
)

// A capture is a handler that keeps what it is given, as it is given.
type capture struct {
	level slog.Level

	mu    *sync.Mutex
	lines *[]string
}

func newCapture(level slog.Level) capture {
	return capture{level: level, mu: new(sync.Mutex), lines: new([]string)}
}

func (c capture) Enabled(_ context.Context, level slog.Level) bool { return level >= c.level }
func (c capture) WithAttrs([]slog.Attr) slog.Handler               { panic("not used") }
func (c capture) WithGroup(string) slog.Handler                    { panic("not used") }

func (c capture) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %s", r.Level, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.lines = append(*c.lines, b.String())
	return nil
}

// take returns what there is, and forgets it.
func (c capture) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := *c.lines
	*c.lines = nil
	return lines
}

// one returns the only line.
func (c capture) one(t *testing.T) string {
	t.Helper()
	lines := c.take()
	if len(lines) != 1 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	return lines[0]
}

// newLog returns a log that writes into a capture.
func newLog(level slog.Level, c poollog.Config) (*poollog.Log, capture) {
	into := newCapture(level)
	c.Logger = slog.New(into)
	if c.Secret == nil {
		c.Secret = []byte("for tests")
	}
	return poollog.New(c), into
}
