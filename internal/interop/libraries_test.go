package interop_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// The servers that are libraries: what the ports do, as TestPostfix has it.
func TestLibraries(t *testing.T) {
	for _, kind := range []interop.Kind{interop.Aiosmtpd, interop.GoSMTP, interop.SMTPServer} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := interop.Start(t, kind)
			if kind != interop.SMTPServer { // which takes a quoted string for a syntax error
				t.Run("submission", func(t *testing.T) { testSubmission(t, s) })
			}
			t.Run("login required", func(t *testing.T) { testLoginRequired(t, s, 530) })
			t.Run("open", func(t *testing.T) { testOpen(t, s) })
			t.Run("fates", func(t *testing.T) { testFates(t, s, dial(t, s, interop.Open)) })
			t.Run("limited", func(t *testing.T) { testLimited(t, s, 421) })
			t.Run("small", func(t *testing.T) { testSmall(t, s) })
		})
	}
}
