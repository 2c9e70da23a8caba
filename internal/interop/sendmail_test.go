package interop_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

func TestSendmail(t *testing.T) {
	s := interop.Start(t, interop.Sendmail)
	t.Run("submission", func(t *testing.T) { testSubmission(t, s) })
	t.Run("login required", func(t *testing.T) { testLoginRequired(t, s, 530) })
	t.Run("open", func(t *testing.T) { testOpen(t, s) })
	t.Run("pipelining", func(t *testing.T) { testOffers(t, s, "PIPELINING", "STARTTLS", "8BITMIME") })
}
