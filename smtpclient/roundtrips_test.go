package smtpclient_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// TestRoundTrips counts, at the server, what a message costs.
func TestRoundTrips(t *testing.T) {
	const n = 50
	for _, tt := range []struct {
		name       string
		mode       smtpclient.Mode
		extensions []string
		flush      bool // after each message
		want       int64
	}{
		{"lockstep", smtpclient.ModeLockstep, nil, false, 4 * n},
		{"no PIPELINING", smtpclient.ModeAuto, []string{"8BITMIME"}, false, 4 * n},
		{"envelope", smtpclient.ModeEnvelope, nil, false, 2 * n},
		{"overlap", smtpclient.ModeOverlap, nil, false, n + 1},
		{"auto", smtpclient.ModeAuto, nil, false, n + 1},
		{"overlap, flushed each time", smtpclient.ModeOverlap, nil, true, 2 * n},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := smtptest.NewUnstartedServer()
			srv.Extensions, srv.NoSTARTTLS = tt.extensions, true
			srv.Start()
			defer srv.Close()
			s := dial(t, smtpclient.Config{Addr: srv.Addr, Security: smtpclient.Plaintext, Mode: tt.mode})
			for i := range n {
				s.Start(mailTo(i, "b@b.test"), func(r *smtpclient.Result) {
					if r.Err != nil {
						t.Error(r.Err)
					}
				})
				if tt.flush {
					s.Flush()
				}
			}
			s.Flush()
			count := srv.Counters()
			if count.RoundTrips != tt.want || count.Messages != n {
				t.Errorf("%d round trips for %d messages, want %d", count.RoundTrips, count.Messages, tt.want)
			}
			if count.AfterDATA != 0 || count.PipelinedUnasked != 0 {
				t.Errorf("behind DATA %d, pipelined unasked %d", count.AfterDATA, count.PipelinedUnasked)
			}
			rset := int64(0)
			if tt.want == n+1 {
				rset = n - 1
			}
			if got := count.Commands["RSET"]; got != rset || count.Commands["NOOP"] != 0 {
				t.Errorf("%d RSET, want %d; %d NOOP", got, rset, count.Commands["NOOP"])
			}
		})
	}
}

// More recipients cost no more round trips where commands are sent in groups.
func TestRoundTripsPerRecipient(t *testing.T) {
	for mode, want := range map[smtpclient.Mode]int64{
		smtpclient.ModeLockstep: 3 + 60, smtpclient.ModeEnvelope: 2, smtpclient.ModeOverlap: 2,
	} {
		srv := smtptest.NewServer()
		var to []string
		for i := range 60 {
			to = append(to, string(rune('a'+i%26))+string(rune('a'+i/26))+"@b.test")
		}
		s := dial(t, smtpclient.Config{Addr: srv.Addr, Security: smtpclient.Plaintext, Mode: mode})
		if _, err := s.Send(t.Context(), mailTo(1, to...)); err != nil {
			t.Error(err)
		}
		if got := srv.Counters().RoundTrips; got != want {
			t.Errorf("%s: %d round trips, want %d", mode, got, want)
		}
		s.Close()
		srv.Close()
	}
}
