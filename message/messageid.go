package message

import (
	"crypto/rand"
	"errors"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// maxMessageID leaves room for the field name on a line of 998 octets.
const maxMessageID = 900

// NewMessageID makes a Message-ID, angle brackets included, out of 128 random
// bits and the domain (RFC 5322 3.6.4). The domain should be the author's; an
// internationalised one is written in A-labels. If it is no domain at all,
// "message.invalid" takes its place.
func NewMessageID(domain string) string {
	mb, err := address.Parse("x@" + domain)
	if err != nil {
		mb.ASCII = "message.invalid"
	}
	return string(appendNewMessageID(nil, mb.ASCII))
}

// appendNewMessageID appends a new Message-ID in an ASCII domain.
func appendNewMessageID(out []byte, domain string) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	var random [26]byte // of 5 bits each
	rand.Read(random[:])
	out = append(out, '<')
	for _, c := range random {
		out = append(out, letters[c%32])
	}
	return append(append(append(out, '@'), domain...), '>')
}

var errMessageID = errors.New("not <left@right> of ASCII atoms")

// appendMsgID checks a msg-id and appends it in angle brackets.
func appendMsgID(out []byte, id string) ([]byte, error) {
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	if !isPlainMailbox(id) { // as nearly every one is
		left, right, ok := strings.Cut(id, "@")
		if !ok || !address.IsASCII(id) || !address.IsDotString(left) || !address.IsDotString(right) && !address.IsLiteral(right) {
			return out, errMessageID
		}
	}
	if len(id) > maxMessageID {
		return out, ErrTooLong
	}
	return append(append(append(out, '<'), id...), '>'), nil
}
