package poollog

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// Addresses says what a log shows of people's addresses.
type Addresses uint8

const (
	// HashLocalParts, the zero value, shows "~5f2c81aa@example.org".
	HashLocalParts Addresses = iota
	// HideAddresses shows "…".
	HideAddresses
	// ShowAddresses shows them, and all texts as they are.
	ShowAddresses
)

// hidden stands where something is left out.
const hidden = "…"

type redactor struct {
	addresses Addresses
	secret    []byte
}

// address is what is shown of an address.
func (r *redactor) address(s string) string {
	switch {
	case r.addresses == ShowAddresses || s == "":
		return s
	case r.addresses == HideAddresses:
		return hidden
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return r.hash(s)
	}
	return r.hash(s) + s[at:]
}

// hash is the same for an address however its letters and its domain are
// written.
func (r *redactor) hash(s string) string {
	if r.addresses == HideAddresses {
		return hidden
	}
	if m, err := address.Parse(s); err == nil {
		s = m.Local + "@" + m.ASCII
	}
	h := hmac.New(sha256.New, r.secret)
	h.Write([]byte(strings.ToLower(s)))
	return "~" + hex.EncodeToString(h.Sum(nil)[:4])
}

// What may be an address in a text: as it is, the quoted local part perhaps
// within another pair of quotes; with an encoded @; or written into the local part
// of another, as in return paths that name their recipient. More than addresses
// fits: what is hidden without need does no harm.
var addressLike = regexp.MustCompile(
	`(?:\\?"[^\n]*?"|` + localLike + `)@(?:\[[^\]\s]*\]|` + domainLike + `)?` +
		`|` + localLike + `(?:%40|\+40|&#64;|＠)` + domainLike +
		`|` + localLike + `=(?:[\pL\pN-]+\.)+\pL{2,}`)

const (
	localLike  = `[^\s@<>()\[\]",:;\\]+`
	domainLike = `[\pL\pN](?:[\pL\pN._-]*[\pL\pN])?`
)

// text returns a text without the addresses in it, and without the names of known
// people; known may be nil.
func (r *redactor) text(s string, known *people) string {
	if r.addresses == ShowAddresses {
		return s
	}
	var b strings.Builder
	rest := 0
	for _, at := range addressLike.FindAllStringIndex(s, -1) {
		b.WriteString(r.names(s[rest:at[0]], known))
		b.WriteString(r.match(s[at[0]:at[1]]))
		rest = at[1]
	}
	b.WriteString(r.names(s[rest:], known))
	return b.String()
}

// protocol is what is shown of a protocol error. It may quote the beginning of
// what is no reply, and with it half an address.
func (r *redactor) protocol(s string) string {
	if before, _, quotes := strings.Cut(s, `"`); quotes && r.addresses != ShowAddresses {
		s = before + hidden
	}
	return r.text(s, nil)
}

// match is what is shown of a match of addressLike.
func (r *redactor) match(s string) string {
	found := s
	if strings.IndexByte("'`", s[0]) >= 0 { // a quotation mark, most often
		found = s[1:]
	}
	if strings.IndexByte(found, '@') > 0 {
		return s[:len(s)-len(found)] + r.address(found)
	}
	return r.hash(s) // domains of encoded ones are not worth the trouble
}

// word is what a local part may be in a text, if it is no odd one.
var word = regexp.MustCompile("[\\pL\\pN.!#$%&'*+/=?^_{|}~`-]+")

// names hides the names of people in a text without addresses.
func (r *redactor) names(s string, known *people) string {
	if known.empty() || s == "" {
		return s
	}
	for _, odd := range known.odd {
		s = odd.pattern.ReplaceAllLiteralString(s, r.hash(odd.address))
	}
	return word.ReplaceAllStringFunc(s, func(w string) string {
		if shown, ok := r.name(w, known); ok {
			return shown
		}
		// As in "user=zoe".
		for _, part := range strings.FieldsFunc(w, func(c rune) bool { return strings.ContainsRune("=/?&", c) }) {
			if shown, ok := r.name(part, known); ok {
				w = strings.ReplaceAll(w, part, shown)
			}
		}
		return w
	})
}

// name is what is shown of a word that is somebody's name, perhaps within
// punctuation marks.
func (r *redactor) name(w string, known *people) (shown string, ok bool) {
	for _, name := range []string{w, strings.Trim(w, ".!?'`*"), strings.TrimSuffix(w, "'s")} {
		if address := known.find(name); address != "" {
			return strings.Replace(w, name, r.hash(address), 1), true
		}
	}
	return "", false
}
