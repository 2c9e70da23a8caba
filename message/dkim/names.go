package dkim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A seal says how often a field is named in h=, beyond the times that it stands
// in the message. Each time too many keeps one more field of the name from being
// added on the way (RFC 6376 5.4.2, 8.15).
type seal uint8

const (
	asPresent     seal = iota // nothing keeps others from being added
	sealIfPresent             // once more, if it stands there at all
	sealed                    // once more, so that it cannot be added either
)

// A name is that of a header field to sign.
type name struct {
	text string // as h= has it
	seal seal
}

// defaultNames are the fields that are signed if nothing else is said: those
// that a reader or a filter is shown, or that says what the body is.
//
// Fields that can stand once are sealed, as a second one would make readers
// see another message than verifiers. Those that an honest relay adds where they
// lack (Date, Message-ID) can still be added. Those that a mailing list adds on
// top of what is there are signed as they are.
var defaultNames = []name{
	{"From", sealed}, {"Reply-To", sealed}, {"To", sealed}, {"Cc", sealed}, {"Subject", sealed}, {"Content-Type", sealed},
	{"Sender", sealIfPresent}, {"Date", sealIfPresent}, {"Message-ID", sealIfPresent},
	{"MIME-Version", sealIfPresent}, {"Content-Transfer-Encoding", sealIfPresent},
	{"List-Unsubscribe", sealIfPresent}, {"List-Unsubscribe-Post", sealIfPresent},
	{"List-Id", asPresent}, {"List-Help", asPresent}, {"List-Subscribe", asPresent}, {"List-Post", asPresent},
	{"List-Owner", asPresent}, {"List-Archive", asPresent}, {"Feedback-ID", asPresent},
	{"In-Reply-To", asPresent}, {"References", asPresent}, {"Auto-Submitted", asPresent},
}

// unsignable are fields that change on the way, or that are not for everybody to
// see (RFC 6376 5.4.1).
var unsignable = []string{"Return-Path", "Received", "DKIM-Signature", "Bcc", "Resent-Bcc", "Authentication-Results"}

// names are the fields that a Signer signs.
type names struct {
	list  []name
	index map[string]int32 // by the name in lower case
}

// signedNames makes the list of what to sign.
func signedNames(also, except []string) (names, error) {
	list := slices.Clone(defaultNames)
	for i, s := range except {
		if err := checkName(s); err != nil {
			return names{}, &ConfigError{fmt.Sprintf("Except[%d]", i), err}
		}
		if strings.EqualFold(s, "From") {
			return names{}, &ConfigError{fmt.Sprintf("Except[%d]", i), errors.New("the From field must be signed")}
		}
		list = slices.DeleteFunc(list, func(n name) bool { return strings.EqualFold(n.text, s) })
	}
	for i, s := range also {
		err := checkName(s)
		if err == nil && slices.ContainsFunc(unsignable, func(u string) bool { return strings.EqualFold(u, s) }) {
			err = fmt.Errorf("%s does not arrive as it was sent", s)
		}
		if err == nil && slices.ContainsFunc(except, func(u string) bool { return strings.EqualFold(u, s) }) {
			err = fmt.Errorf("%s is in Except", s)
		}
		if err != nil {
			return names{}, &ConfigError{fmt.Sprintf("Also[%d]", i), err}
		}
		if !slices.ContainsFunc(list, func(n name) bool { return strings.EqualFold(n.text, s) }) {
			list = append(list, name{s, sealIfPresent})
		}
	}
	ns := names{list, make(map[string]int32, len(list))}
	for i, n := range list {
		ns.index[strings.ToLower(n.text)] = int32(i)
	}
	return ns, nil
}

// checkName checks the name of a header field (RFC 5322 2.2). A semicolon would
// end h=.
func checkName(s string) error {
	if s == "" {
		return errors.New("empty")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == ':' || s[i] == ';' {
			return fmt.Errorf("%.80q is not the name of a header field", s)
		}
	}
	if len(s) > maxName {
		return fmt.Errorf("longer than %d octets", maxName)
	}
	return nil
}

// maxName is more than any field's name has, and leaves h= its line length.
const maxName = 70
