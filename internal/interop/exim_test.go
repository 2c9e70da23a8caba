package interop_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

func TestExim(t *testing.T) {
	s := interop.Start(t, interop.Exim)
	t.Run("submission", func(t *testing.T) { testSubmission(t, s) })
	t.Run("login required", func(t *testing.T) { testLoginRequired(t, s, 530) })
	t.Run("open", func(t *testing.T) { testOpen(t, s) })
	t.Run("chunking", func(t *testing.T) { testOffers(t, s, "PIPELINING", "CHUNKING", "STARTTLS", "8BITMIME") })
	t.Run("limited", func(t *testing.T) { testLimited(t, s, 421) })
	t.Run("small", func(t *testing.T) { testSmall(t, s) })
}

// testOffers checks what the open port says to EHLO.
func testOffers(t *testing.T, s *interop.Server, keywords ...string) {
	c := dial(t, s, interop.Open)
	for _, keyword := range keywords {
		if ok, _ := c.Extension(keyword); !ok {
			t.Errorf("no %s", keyword)
		}
	}
}
