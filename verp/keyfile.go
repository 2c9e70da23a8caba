package verp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ErrKeyFileMode is for a key file that others than its owner can alter, or
// that everybody can read.
var ErrKeyFileMode = errors.New("verp: key file is open to others")

// OpenKeyFile reads the keys in a file, which it makes first, with one new key
// and mode 0600, if there is none. Of several processes that do so at once, all
// get the key of the one that was first.
//
// The file is text: a line for each key, its id (0 to 31) and its secret in hex
// digits, at least 32 of them. The first key signs, all are accepted. Empty
// lines and lines that begin with '#' are passed over.
//
// To change keys, put a line with another id in front of the others, and take
// the old line out when the last token that it signed has expired.
//
// A file that everybody can read, or others than its owner can write, is
// refused with ErrKeyFileMode. That a group can read it is allowed, so that the
// reader of bounces need not be the sender of the mail. Windows has other rights
// than these, and they are not looked at there.
func OpenKeyFile(name string) (*Keyring, error) {
	ring, err := ReadKeyFile(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	if err := MakeKeyFile(name); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return ReadKeyFile(name)
}

// ReadKeyFile is OpenKeyFile for a file that has to exist: the error is
// fs.ErrNotExist where it does not.
func ReadKeyFile(name string) (*Keyring, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("verp: key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("verp: key file: %w", err)
	}
	if mode := info.Mode(); runtime.GOOS != "windows" && mode.Perm()&0o027 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %#o; chmod 600 it", ErrKeyFileMode, name, mode.Perm())
	}
	ring, err := ReadKeyring(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ring, nil
}

// MakeKeyFile makes a key file with one new key, whose id is 0, and mode 0600.
// An existing file is not touched; the error then is fs.ErrExist.
func MakeKeyFile(name string) error {
	// A reader must never see half a file, so it gets its name when it is whole.
	f, err := os.CreateTemp(filepath.Dir(name), ".verp-key-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("verp: key file: %w", err)
	}
	defer os.Remove(f.Name())
	k := NewKey(0)
	_, err = fmt.Fprintf(f, "# Keys of VERP tokens: id and secret. The first one signs, all are accepted.\n"+
		"# To change keys put a new line in front; remove the old one when its tokens have expired.\n%d %x\n", k.ID, k.Secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("verp: key file: %w", err)
	}
	// Unlike rename, link does not replace what is there.
	if err := os.Link(f.Name(), name); err != nil {
		return fmt.Errorf("verp: key file: %w", err)
	}
	return nil
}
