package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/bulksmtp/bulksmtp/verp"
)

// ids are the recipients by the number of their row, the first one being 1.
type ids []string

var errNoRow = errors.New("the token is genuine, and its id no row of -verp-ids")

// address returns the recipient of a token that has a number in place of the
// address.
func (l ids) address(s verp.Subject) (string, error) {
	n, ok := s.IntID()
	if !ok || n == 0 || n > uint64(len(l)) || l[n-1] == "" {
		return "", fmt.Errorf("%w: %x", errNoRow, s.ID)
	}
	return l[n-1], nil
}

// readIDs reads the column email of a CSV file. Rows count as examples/newsletter
// counts them: neither the header nor empty lines are rows, broken ones are. What
// could be counted in two ways is an error, since a row that is off by one is
// somebody else's.
func readIDs(name string) (list ids, err error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("-verp-ids: %w", err)
	}
	defer f.Close()
	in := bufio.NewReader(f)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.Discard(len(mark)) // buffered
	}
	list, err = parseIDs(in)
	if err != nil {
		return nil, fmt.Errorf("-verp-ids: %s: %w", name, err)
	}
	return list, nil
}

func parseIDs(in io.Reader) (list ids, err error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, err
	}
	columns := len(header)
	email := slices.IndexFunc(header, func(name string) bool { return strings.TrimSpace(name) == "email" })
	if email < 0 {
		return nil, errors.New("no column email")
	}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		address := "" // the row got no mail
		if len(fields) == columns {
			address = strings.Clone(fields[email]) // not the whole row
		}
		list = append(list, address)
	}
}
