package interop_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// runScript has a script work on the input "mail".
func runScript(t *testing.T, script string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.sh")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := interop.RunScript(t.Context(), path, t.TempDir(), []byte("mail"))
	return string(output), err
}

func TestRun(t *testing.T) {
	// The lifeline must be open as long as the script runs.
	got, err := runScript(t, `read -r -t 0.1 || [[ $? -gt 128 ]] || exit 1; tr a-z A-Z <"$WORK/input" >"$WORK/output"`)
	if errors.Is(err, interop.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil || got != "MAIL" {
		t.Errorf("%q, %v", got, err)
	}
	for _, tt := range []struct {
		script, want string
		unavailable  bool
	}{
		{"echo first; echo no such program; exit 77", "no such program", true},
		{"echo it broke >&2; exit 3", "it broke", false},
		{"exit 0", "output", false}, // that is not there
	} {
		_, err := runScript(t, tt.script)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "first") ||
			errors.Is(err, interop.ErrUnavailable) != tt.unavailable {
			t.Errorf("%q: %v", tt.script, err)
		}
	}
}
