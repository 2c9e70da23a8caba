package main

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// keyOctets is the length of a key that is made; minKeyOctets is what package
// message takes.
const (
	keyOctets    = 32
	minKeyOctets = 16
)

// UnsubscribeKeys are the secrets of the unsubscribe tokens. The web server that
// the URLs lead to reads the same file.
//
// The file is text, with a key on each line, in hex digits, 32 of them at least.
// The first one makes the tokens, all are accepted. Empty lines and lines that
// begin with '#' are passed over.
type unsubscribeKeys struct {
	name  string
	keys  [][]byte
	fresh bool // there is no file yet
}

// openUnsubscribeKeys reads a key file. Without one it makes a key up, for which
// save makes the file: mistakes elsewhere are found in between.
func openUnsubscribeKeys(name string) (*unsubscribeKeys, error) {
	k := &unsubscribeKeys{name: name}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, keyOctets)
		_, _ = rand.Read(key) // never fails
		k.keys, k.fresh = [][]byte{key}, true
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// That a group can read it is allowed: the web server may be another user.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o027 != 0 {
		return nil, fmt.Errorf("%s has mode %#o and is open to others; chmod 600 it", name, mode)
	}
	if k.keys, err = readUnsubscribeKeys(f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// readUnsubscribeKeys reads keys. Errors never say what is in a line.
func readUnsubscribeKeys(r io.Reader) (keys [][]byte, err error) {
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, err := hex.DecodeString(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: not a key in hex digits", number)
		}
		if len(key) < minKeyOctets {
			return nil, fmt.Errorf("line %d: %d hex digits, %d are the least", number, 2*len(key), 2*minKeyOctets)
		}
		keys = append(keys, key)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("no key in it")
	}
	return keys, nil
}

// save makes the file if there was none, with mode 0600.
func (k *unsubscribeKeys) save() error {
	if !k.fresh {
		return nil
	}
	// The web server must never see half a file, so it gets its name when it is
	// whole.
	f, err := os.CreateTemp(filepath.Dir(k.name), ".unsubscribe-key-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "# Keys of unsubscribe tokens. The first one makes them, all are accepted.\n%x\n", k.keys[0])
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	// Unlike rename, link does not replace what another run has made meanwhile.
	return os.Link(f.Name(), k.name)
}
