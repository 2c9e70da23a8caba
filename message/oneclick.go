package message

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"strings"
	"sync"
)

// A OneClickConfig configures [NewOneClick].
type OneClickConfig struct {
	// URL is where the web server that unsubscribes is, with https. "{token}" in
	// its path or query is replaced by the token; without one the token becomes the
	// query parameter "token": "https://example.org/unsubscribe".
	URL string
	// Keys are secrets of 16 octets at least, the same here and at the web
	// server. The first one makes the tokens; all are tried on one that comes in,
	// so that a new one can take over: put it in front, and drop the old one
	// when mail with its tokens is no longer read, many months later.
	Keys [][]byte
	// List tells several lists with the same keys apart: a token of one is
	// nothing to another. May be empty.
	List string
	// Mailto is a second way to unsubscribe, a mailto URI, for readers without
	// one-click. Empty is none.
	Mailto string
}

// A OneClick makes URLs by which exactly one recipient is unsubscribed, and
// reads them at the web server ([OneClick.Request], [OneClick.Verify]). It is
// safe for concurrent use.
//
// A token is the recipient, encrypted and authenticated. Who has no key can
// neither make one, nor change one, nor read in one whom it names; and no table
// of tokens is needed. The same recipient has the same token each time.
type OneClick struct {
	before, after  string // of the URL around the token
	param          string // the parameter of the query with the token in it; empty if it is in the path
	prefix, suffix string // of the token in the value of that
	mailto         string
	list           string
	keys           []*tokenKey
}

// MaxRecipient is the most octets of a recipient that a token names.
const MaxRecipient = 254

// ErrBadToken is the error for a token that was not made with any of the keys
// for this list.
var ErrBadToken = errors.New("message: bad unsubscribe token")

const tokenMark = "{token}"

// NewOneClick checks the config; the error is a [*FieldError] that names the
// field of it.
func NewOneClick(cfg OneClickConfig) (*OneClick, error) {
	bad := func(field, detail string) (*OneClick, error) {
		return nil, &FieldError{Field: "OneClickConfig." + field, Reason: ErrBadList, Detail: detail}
	}
	target := cfg.URL
	if !strings.Contains(target, tokenMark) {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + "token=" + tokenMark
	}
	before, after, _ := strings.Cut(target, tokenMark)
	u, err := url.Parse(before + "x" + after)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return bad("URL", excerpt(cfg.URL)+" is no https URL without fragment and user") // RFC 8058 3.1
	}
	if !strings.ContainsAny(before[len("https://"):], "/?") || !isURI(before+after) || len(target) > maxMessageID-maxToken {
		return bad("URL", excerpt(cfg.URL))
	}
	if m := cfg.Mailto; m != "" && (!strings.HasPrefix(m, "mailto:") || !strings.Contains(m, "@") || !isURI(m) || len(m) > maxMessageID) {
		return bad("Mailto", excerpt(cfg.Mailto)+" is no mailto URI")
	}
	if strings.Contains(before+after, ";") && strings.Contains(u.RawQuery, ";") {
		return bad("URL", excerpt(cfg.URL)+" has a semicolon in its query, which web servers take for an error")
	}
	o := &OneClick{before: before, after: after, mailto: cfg.Mailto, list: cfg.List}
	if !o.findParam(target) {
		return bad("URL", excerpt(cfg.URL)+" has {token} in a parameter that stands there twice, or in a name")
	}
	if len(cfg.Keys) == 0 {
		return bad("Keys", "none")
	}
	for i, key := range cfg.Keys {
		if len(key) < 16 {
			return bad(element("Keys", i), fmt.Sprintf("%d octets, 16 are the least", len(key)))
		}
		k, err := newTokenKey(key)
		if err != nil {
			return nil, fmt.Errorf("message: %w", err)
		}
		o.keys = append(o.keys, k)
	}
	return o, nil
}

// findParam remembers which parameter of the URL's query the token is in. It
// reports false where that cannot be read back.
func (o *OneClick) findParam(target string) bool {
	_, query, _ := strings.Cut(target, "?")
	if !strings.Contains(query, tokenMark) {
		return true // in the path
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return false
	}
	for name, all := range values {
		if prefix, suffix, ok := strings.Cut(all[0], tokenMark); ok && name != "" && len(all) == 1 && !strings.Contains(name, tokenMark) {
			o.param, o.prefix, o.suffix = name, prefix, suffix
			return true
		}
	}
	return false
}

// isURI reports octets that can stand in a URI (RFC 3986), which for one
// between angle brackets in a header is what matters.
func isURI(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && strings.IndexByte("-._~:/?#[]@!$&'()*+,;=%", c) < 0 {
			return false
		}
	}
	return true
}

// URL returns the URL that unsubscribes the recipient: an address, or whatever
// else names one reader to the web server. It is a [*FieldError] to name nobody,
// or somebody with more than MaxRecipient octets.
func (o *OneClick) URL(recipient string) (string, error) {
	if err := checkRecipient(recipient); err != nil {
		return "", err
	}
	return o.before + string(o.appendToken(nil, recipient)) + o.after, nil
}

func checkRecipient(recipient string) error {
	switch {
	case recipient == "":
		return &FieldError{Field: "List.Recipient", Reason: ErrNoRecipients}
	case len(recipient) > MaxRecipient:
		return &FieldError{Field: "List.Recipient", Reason: ErrTooLong, Detail: excerpt(recipient)}
	}
	return nil
}

// Headers returns List-Unsubscribe and List-Unsubscribe-Post for a recipient,
// for mail that is not built from a [Message] with a [List]. Errors are URL's.
func (o *OneClick) Headers(recipient string) ([]Header, error) {
	u, err := o.URL(recipient)
	if err != nil {
		return nil, err
	}
	value := "<" + u + ">"
	if o.mailto != "" {
		value += ", <" + o.mailto + ">"
	}
	return []Header{{"List-Unsubscribe", value}, {"List-Unsubscribe-Post", oneClickPost}}, nil
}

// oneClickPost is both a header's value and what the POST has (RFC 8058 3.1).
const oneClickPost = "List-Unsubscribe=One-Click"

// appendFields appends both fields. The URI comes first, a mailto behind it.
func (o *OneClick) appendFields(out []byte, token string) ([]byte, error) {
	f := openField(out, "List-Unsubscribe")
	f.begin()
	f.out = append(append(append(f.out, '<'), o.before...), token...)
	f.out = append(append(f.out, o.after...), '>')
	if o.mailto != "" {
		f.out = append(f.out, ',')
		f.end()
		f.begin()
		f.out = append(append(append(f.out, '<'), o.mailto...), '>')
	}
	f.end()
	out, err := f.close()
	return append(out, "List-Unsubscribe-Post: "+oneClickPost+"\r\n"...), err
}

func (o *OneClick) appendToken(out []byte, recipient string) []byte {
	s := tokenStates.Get().(*tokenState)
	defer tokenStates.Put(s)
	s.sealed = o.keys[0].seal(s, o.list, recipient)
	return base64.RawURLEncoding.AppendEncode(out, s.sealed)
}

// Verify returns the recipient that a token names. The error is ErrBadToken.
func (o *OneClick) Verify(token string) (recipient string, err error) {
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") { // which package base64 skips
		return "", ErrBadToken
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(sealed) < aes.BlockSize {
		return "", ErrBadToken
	}
	s := tokenStates.Get().(*tokenState)
	defer tokenStates.Put(s)
	for _, k := range o.keys {
		if recipient, ok := k.open(s, o.list, sealed); ok {
			return recipient, nil
		}
	}
	return "", ErrBadToken
}

// maxToken is the length of a token of MaxRecipient octets.
const maxToken = (aes.BlockSize + MaxRecipient + 2) * 4 / 3

// A tokenKey seals as RFC 5297 does (SIV), with HMAC-SHA-256 for its S2V: the tag
// is a MAC of list and recipient, cut to 128 bits, and the recipient is encrypted
// in counter mode that starts with the tag. No nonce can be used twice by
// mistake, for there is none.
type tokenKey struct {
	block cipher.Block
	macs  sync.Pool // of hash.Hash, keyed
}

func newTokenKey(key []byte) (*tokenKey, error) {
	macKey, err := hkdf.Key(sha256.New, key, nil, "bulksmtp one-click mac", sha256.Size)
	if err != nil {
		return nil, err
	}
	encryptionKey, err := hkdf.Key(sha256.New, key, nil, "bulksmtp one-click encryption", 32)
	if err != nil {
		return nil, err
	}
	k := &tokenKey{}
	k.macs.New = func() any { return hmac.New(sha256.New, macKey) }
	k.block, err = aes.NewCipher(encryptionKey)
	return k, err
}

// A tokenState is what sealing needs of memory.
type tokenState struct {
	sealed  []byte // tag and text
	sum     [sha256.Size]byte
	counter [aes.BlockSize]byte
	stream  [aes.BlockSize]byte
	length  [1]byte
}

var tokenStates = sync.Pool{New: func() any { return new(tokenState) }}

// tag returns the MAC of list and text in s.
func (k *tokenKey) tag(s *tokenState, list string, text []byte) []byte {
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write(text)
	s.length[0] = byte(len(text)) // ends the text: the list cannot be moved into it
	s.sealed = append(s.sealed[:aes.BlockSize+len(text)], list...)
	mac.Write(s.sealed[aes.BlockSize+len(text):])
	mac.Write(s.length[:])
	return mac.Sum(s.sum[:0])[:aes.BlockSize]
}

// seal returns tag and encrypted text, in s. The recipient has been checked.
func (k *tokenKey) seal(s *tokenState, list, recipient string) []byte {
	s.sealed = append(append(s.sealed[:0], s.counter[:]...), recipient...)
	tag := k.tag(s, list, s.sealed[aes.BlockSize:])
	copy(s.sealed, tag)
	sealed := s.sealed[:aes.BlockSize+len(recipient)]
	k.crypt(s, sealed[aes.BlockSize:], tag)
	return sealed
}

func (k *tokenKey) open(s *tokenState, list string, sealed []byte) (recipient string, ok bool) {
	if len(sealed) > aes.BlockSize+MaxRecipient {
		return "", false
	}
	s.sealed = append(s.sealed[:0], sealed...)
	text := s.sealed[aes.BlockSize:]
	k.crypt(s, text, sealed[:aes.BlockSize])
	recipient = string(text)
	return recipient, subtle.ConstantTimeCompare(k.tag(s, list, text), sealed[:aes.BlockSize]) == 1
}

// crypt en- or decrypts text in place, in counter mode from the tag on, whose
// last octet counts the blocks (there are sixteen at most).
func (k *tokenKey) crypt(s *tokenState, text, tag []byte) {
	copy(s.counter[:], tag)
	for len(text) > 0 {
		k.block.Encrypt(s.stream[:], s.counter[:])
		n := subtle.XORBytes(text, text, s.stream[:])
		text = text[n:]
		s.counter[len(s.counter)-1]++
	}
}
