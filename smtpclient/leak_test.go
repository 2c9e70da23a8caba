package smtpclient_test

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// checkLeaks fails the test if, at its end, more goroutines run this package's
// code than at its beginning. Call it first, so that it looks last. Within
// synctest there is no need: a bubble does not end before its goroutines.
func checkLeaks(t *testing.T) {
	t.Helper()
	before := len(ownGoroutines())
	t.Cleanup(func() {
		var after []string
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
			if after = ownGoroutines(); len(after) <= before {
				return
			}
		}
		t.Errorf("%d goroutines more than before:\n%s", len(after)-before, strings.Join(after, "\n\n"))
	})
}

// ownGoroutines returns the stacks of the goroutines that a session runs.
func ownGoroutines() (stacks []string) {
	buf := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(stack, "smtpclient.(*") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
