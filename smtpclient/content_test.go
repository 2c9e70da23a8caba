package smtpclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestCheckContent(t *testing.T) {
	long := strings.Repeat("x", 998)
	for _, tt := range []struct {
		name, in        string
		normalize, bare error
	}{
		{"plain", "a\r\nb\r\n", nil, nil},
		{"no line end", "a", nil, nil},
		{"empty lines", "\r\n\r\n", nil, nil},
		{"empty", "", smtpclient.ErrEmptyContent, smtpclient.ErrEmptyContent},
		{"bare LF", "a\nb\r\n", nil, smtpclient.ErrBadLine},
		{"bare CR", "a\rb\r\n", nil, smtpclient.ErrBadLine},
		{"CR at the end", "a\r\nb\r", nil, smtpclient.ErrBadLine},
		{"LF first", "\na\r\n", nil, smtpclient.ErrBadLine},
		{"CR CR LF", "a\r\r\n", nil, smtpclient.ErrBadLine},
		{"NUL", "a\x00b\r\n", nil, smtpclient.ErrBadLine},
		{"only NUL", "\x00", smtpclient.ErrEmptyContent, smtpclient.ErrBadLine},
		{"LF . LF", "a\n.\nb\r\n", nil, smtpclient.ErrBadLine},
		{"LF . CRLF", "a\n.\r\nb\r\n", nil, smtpclient.ErrBadLine},
		{"CRLF . LF", "a\r\n.\nb\r\n", nil, smtpclient.ErrBadLine},
		{"CRLF . CR", "a\r\n.\rb\r\n", nil, smtpclient.ErrBadLine},
		{"longest line", long + "\r\n" + long, nil, nil},
		{"over-long line", long + "x\r\n", smtpclient.ErrBadLine, smtpclient.ErrBadLine},
		{"over-long last line", "a\r\n" + long + "x", smtpclient.ErrBadLine, smtpclient.ErrBadLine},
		{"over-long before bare LF", long + "x\n", smtpclient.ErrBadLine, smtpclient.ErrBadLine},
		{"short once normalised", long + "\r" + long + "\r\n", nil, smtpclient.ErrBadLine},
		{"short without NUL", long + "\x00\r\n", nil, smtpclient.ErrBadLine},
	} {
		m := smtpclient.Mail{From: "a@a.test", To: smtpclient.Recipients("b@b.test"), Content: []byte(tt.in)}
		for policy, want := range map[smtpclient.BareNewlines]error{
			smtpclient.NormalizeBareNewlines: tt.normalize, smtpclient.RefuseBareNewlines: tt.bare,
		} {
			err := m.Check(policy)
			if !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%s, policy %d: %v, want %v", tt.name, policy, err, want)
			}
			var refused *smtpclient.RefusedError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("%s: %T", tt.name, err)
			}
		}
		if string(m.Content) != tt.in {
			t.Errorf("%s: the caller's bytes were altered", tt.name)
		}
	}
}

// The number of the line is that of the offending one.
func TestContentErrorNamesLine(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\nc\r\n":                             "line 2: bare CR or LF",
		"a\r\nb\r\n" + strings.Repeat("x", 999):     "line 3: longer than 998 octets",
		strings.Repeat("x", 999) + "\r\n" + "a\r\n": "line 1: longer than 998 octets",
	} {
		m := smtpclient.Mail{From: "a@a.test", To: smtpclient.Recipients("b@b.test"), Content: []byte(in)}
		if err := m.Check(smtpclient.RefuseBareNewlines); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v; want %s", in, err, want)
		}
	}
}
