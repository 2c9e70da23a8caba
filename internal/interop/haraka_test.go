package interop_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

func TestHaraka(t *testing.T) {
	s := interop.Start(t, interop.Haraka)
	t.Run("fates", func(t *testing.T) { testFates(t, s, dial(t, s, interop.Open)) })
	t.Run("login required", func(t *testing.T) { testLoginRequired(t, s, 530) })
	t.Run("open", func(t *testing.T) { testOpen(t, s) })
	t.Run("limited", func(t *testing.T) { testLimited(t, s, 421) })
}
