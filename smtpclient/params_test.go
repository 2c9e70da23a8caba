package smtpclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestDSNNotifyString(t *testing.T) {
	for n, want := range map[smtpclient.DSNNotify]string{
		0: "", smtpclient.NotifyNever: "NEVER", smtpclient.NotifySuccess: "SUCCESS",
		smtpclient.NotifyFailure | smtpclient.NotifyDelay:                            "FAILURE,DELAY",
		smtpclient.NotifySuccess | smtpclient.NotifyFailure | smtpclient.NotifyDelay: "SUCCESS,FAILURE,DELAY",
	} {
		if got := n.String(); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestCheckParameters(t *testing.T) {
	for name, tt := range map[string]struct {
		alter func(m *smtpclient.Mail)
		want  error
	}{
		"none":                   {func(*smtpclient.Mail) {}, nil},
		"null reverse-path":      {func(m *smtpclient.Mail) { m.From = "" }, nil},
		"bad sender":             {func(m *smtpclient.Mail) { m.From = "<>" }, smtpclient.ErrBadPath},
		"bad recipient":          {func(m *smtpclient.Mail) { m.To = append(m.To, smtpclient.Recipient{}) }, smtpclient.ErrBadPath},
		"no recipients":          {func(m *smtpclient.Mail) { m.To = nil }, smtpclient.ErrNoRecipients},
		"RET":                    {func(m *smtpclient.Mail) { m.Return = smtpclient.ReturnHeaders }, nil},
		"bad RET":                {func(m *smtpclient.Mail) { m.Return = "BODY" }, smtpclient.ErrBadParameter},
		"smuggled RET":           {func(m *smtpclient.Mail) { m.Return = "FULL\r\nRCPT TO:<x@y>" }, smtpclient.ErrBadParameter},
		"ENVID":                  {func(m *smtpclient.Mail) { m.EnvelopeID = "a b+c" }, nil},
		"longest ENVID":          {func(m *smtpclient.Mail) { m.EnvelopeID = strings.Repeat("+", 33) + "x" }, nil},
		"too long ENVID":         {func(m *smtpclient.Mail) { m.EnvelopeID = strings.Repeat("+", 34) }, smtpclient.ErrBadParameter},
		"ENVID with CR":          {func(m *smtpclient.Mail) { m.EnvelopeID = "a\rb" }, smtpclient.ErrBadParameter},
		"ENVID not ASCII":        {func(m *smtpclient.Mail) { m.EnvelopeID = "ü" }, smtpclient.ErrBadParameter},
		"NOTIFY":                 {func(m *smtpclient.Mail) { m.To[0].Notify = smtpclient.NotifyNever }, nil},
		"NOTIFY NEVER and DELAY": {func(m *smtpclient.Mail) { m.To[0].Notify = smtpclient.NotifyNever | smtpclient.NotifyDelay }, smtpclient.ErrBadParameter},
		"NOTIFY out of range":    {func(m *smtpclient.Mail) { m.To[0].Notify = 16 }, smtpclient.ErrBadParameter},
		"ORCPT":                  {func(m *smtpclient.Mail) { m.To[0].OriginalRecipient = "grün@x.test" }, nil},
		"ORCPT with LF":          {func(m *smtpclient.Mail) { m.To[0].OriginalRecipient = "a\nb" }, smtpclient.ErrBadParameter},
		"ORCPT not UTF-8":        {func(m *smtpclient.Mail) { m.To[0].OriginalRecipient = "a\xff" }, smtpclient.ErrBadParameter},
		"too long ORCPT":         {func(m *smtpclient.Mail) { m.To[0].OriginalRecipient = strings.Repeat("a", 500) }, smtpclient.ErrBadParameter},
		"XVERP":                  {func(m *smtpclient.Mail) { m.XVERP = "+=" }, nil},
		"XVERP, one delimiter":   {func(m *smtpclient.Mail) { m.XVERP = "+" }, smtpclient.ErrBadParameter},
		"XVERP, three":           {func(m *smtpclient.Mail) { m.XVERP = "+=-" }, smtpclient.ErrBadParameter},
		"XVERP, a letter":        {func(m *smtpclient.Mail) { m.XVERP = "+a" }, smtpclient.ErrBadParameter},
		"smuggled XVERP":         {func(m *smtpclient.Mail) { m.XVERP = "\r\n" }, smtpclient.ErrBadParameter},
		"XVERP, null sender":     {func(m *smtpclient.Mail) { m.From, m.XVERP = "", "+=" }, smtpclient.ErrBadParameter},
	} {
		m := &smtpclient.Mail{From: "a@a.test", To: smtpclient.Recipients("b@b.test"), Content: []byte("x")}
		tt.alter(m)
		if err := m.Check(0); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
