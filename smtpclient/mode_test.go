package smtpclient_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestParseMode(t *testing.T) {
	for m := smtpclient.ModeAuto; m <= smtpclient.ModeStream; m++ {
		if got, err := smtpclient.ParseMode(m.String()); got != m || err != nil {
			t.Errorf("%s: %v, %v", m, got, err)
		}
	}
	for _, bad := range []string{"", "Overlap", "fast"} {
		if got, err := smtpclient.ParseMode(bad); err == nil || got != smtpclient.ModeAuto {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
	if got := smtpclient.Mode(9).String(); got != "Mode(9)" {
		t.Error(got)
	}
}

// The mode in use depends on what the server offers.
func TestSessionMode(t *testing.T) {
	for _, tt := range []struct {
		mode, with, without smtpclient.Mode
	}{
		{smtpclient.ModeAuto, smtpclient.ModeOverlap, smtpclient.ModeLockstep},
		{smtpclient.ModeLockstep, smtpclient.ModeLockstep, smtpclient.ModeLockstep},
		{smtpclient.ModeEnvelope, smtpclient.ModeEnvelope, smtpclient.ModeLockstep},
		{smtpclient.ModeOverlap, smtpclient.ModeOverlap, smtpclient.ModeLockstep},
	} {
		for extensions, want := range map[string]smtpclient.Mode{"PIPELINING": tt.with, "DSN": tt.without} {
			srv, c := newPipeServer(t)
			srv.Extensions = []string{extensions}
			srv.Start()
			c.Mode = tt.mode
			s := dial(t, c)
			if got := s.Mode(); got != want {
				t.Errorf("%s with %s: %s, want %s", tt.mode, extensions, got, want)
			}
		}
	}
}
