package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Run has a program under programs/ work on input, for a test, and returns its
// output. The programs' own files say what these are. It skips the test, or
// fails it, as Start does.
func Run(tb testing.TB, program string, input []byte) []byte {
	tb.Helper()
	skipIfTold(tb)
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	scripts, err := scriptDir()
	var output []byte
	if err == nil {
		output, err = run(ctx, filepath.Join(scripts, "..", "programs", program, "run.sh"), tb.TempDir(), input)
	}
	if errors.Is(err, ErrUnavailable) && os.Getenv("BULKSMTP_REQUIRE_SERVERS") != "1" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return output
}

// run runs a script in dir, an empty directory. The program ends with its
// standard input, as a server does.
func run(ctx context.Context, script, dir string, input []byte) ([]byte, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("interop: %w: not Linux", ErrUnavailable)
	}
	if err := os.WriteFile(filepath.Join(dir, "input"), input, 0o644); err != nil {
		return nil, err
	}
	program := filepath.Base(filepath.Dir(script))
	cmd := exec.CommandContext(ctx, "bash", script)
	var err error
	if cmd.Env, err = (&Server{dir: dir, instance: program}).environment(); err != nil {
		return nil, err
	}
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	defer lifeline.Close()
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Run(); err != nil {
		if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == exitUnavailable {
			return nil, fmt.Errorf("interop: %w: %s: %s", ErrUnavailable, program, lastLine(log.Bytes()))
		}
		return nil, fmt.Errorf("interop: %s: %w\n%s", program, err, tail(log.Bytes(), logTail))
	}
	return os.ReadFile(filepath.Join(dir, "output"))
}
