package verp_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/bulksmtp/bulksmtp/verp"
)

// pathBy returns what a ring signs.
func pathBy(t *testing.T, r *verp.Keyring) string {
	t.Helper()
	return encode(t, signer(t, verp.SignerConfig{Keys: r}, today), verp.Subject{ID: verp.IntID(1)})
}

func TestOpenKeyFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "verp.key")
	if _, err := verp.ReadKeyFile(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	made, err := verp.OpenKeyFile(name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("made with mode %#o", info.Mode().Perm())
	}
	for _, open := range []func(string) (*verp.Keyring, error){verp.OpenKeyFile, verp.ReadKeyFile} {
		again, err := open(name)
		if err != nil || pathBy(t, again) != pathBy(t, made) {
			t.Errorf("read again: %v, %v", again, err)
		}
	}
	if err := verp.MakeKeyFile(name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made again: %v", err)
	}
	if again, err := verp.ReadKeyFile(name); err != nil || pathBy(t, again) != pathBy(t, made) {
		t.Errorf("after that: %v, %v", again, err)
	}
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); err != nil || len(files) != 1 {
		t.Errorf("left behind: %q, %v", files, err)
	}
	if files, err := filepath.Glob(filepath.Join(filepath.Dir(name), ".*")); err != nil || len(files) != 0 {
		t.Errorf("left behind: %q, %v", files, err)
	}
}

// TestOpenKeyFileRace: of many that find no file, all get the same key.
func TestOpenKeyFileRace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "verp.key")
	rings := make([]*verp.Keyring, 16)
	var wait sync.WaitGroup
	for i := range rings {
		wait.Go(func() {
			r, err := verp.OpenKeyFile(name)
			if err != nil {
				t.Error(err)
			}
			rings[i] = r
		})
	}
	wait.Wait()
	for _, r := range rings {
		if r == nil {
			t.Fatal("no ring")
		}
		if pathBy(t, r) != pathBy(t, rings[0]) {
			t.Fatal("two keys")
		}
	}
}

func TestKeyFileMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such modes")
	}
	name := filepath.Join(t.TempDir(), "verp.key")
	if err := verp.MakeKeyFile(name); err != nil {
		t.Fatal(err)
	}
	for mode, good := range map[fs.FileMode]bool{0o600: true, 0o400: true, 0o640: true, 0o660: false, 0o644: false, 0o602: false, 0o601: false} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := verp.OpenKeyFile(name); (err == nil) != good || !good && !errors.Is(err, verp.ErrKeyFileMode) {
			t.Errorf("mode %#o: %v", mode, err)
		}
	}
}

func TestKeyFileErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := verp.OpenKeyFile(filepath.Join(dir, "none", "verp.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	empty := filepath.Join(dir, "empty.key")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := verp.OpenKeyFile(empty); err == nil {
		t.Errorf("empty file: %v", r)
	}
	if info, err := os.Stat(empty); err != nil || info.Size() != 0 {
		t.Errorf("empty file was altered: %v, %v", info, err)
	}
}
