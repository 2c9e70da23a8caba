package smtpclient

import "github.com/bulksmtp/bulksmtp/internal/address"

// A path is a checked mailbox, ready to stand between angle brackets. The zero
// path is the null reverse-path.
type path address.Mailbox

// append writes the path. Domains go out as A-labels unless SMTPUTF8 is in
// force for the transaction (RFC 6531 3.3).
func (p path) append(b []byte, smtputf8 bool) []byte {
	if p.Local == "" {
		return b
	}
	b = append(append(b, p.Local...), '@')
	if smtputf8 {
		return append(b, p.Domain...)
	}
	return append(b, p.ASCII...)
}

// CheckAddress reports whether address can stand in a mail transaction: a
// mailbox of RFC 5321 4.1.2 with RFC 6531's extensions, without angle brackets
// and without a display name, of at most 254 octets. Quoted local parts, UTF-8
// local parts, internationalised domains and address literals are good ones.
// Angle brackets and control characters are not, even quoted. The error is a
// *RefusedError for ErrBadPath.
func CheckAddress(address string) error {
	_, err := parsePath(address)
	return err
}

func parsePath(s string) (path, error) {
	m, err := address.Parse(s)
	if err == nil {
		err = m.CheckLen()
	}
	if err != nil {
		return path{}, refuse(ErrBadPath, "%q: %v", s, err)
	}
	return path(m), nil
}
