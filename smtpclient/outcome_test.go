package smtpclient_test

import (
	"errors"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

func TestOutcomeString(t *testing.T) {
	for o, want := range map[smtpclient.Outcome]string{
		smtpclient.Unknown: "unknown", smtpclient.Accepted: "accepted", smtpclient.Rejected: "rejected",
		smtpclient.Deferred: "deferred", smtpclient.NotSent: "not-sent", 77: "Outcome(77)",
	} {
		if got := o.String(); got != want {
			t.Errorf("%d: %s, want %s", o, got, want)
		}
	}
	var zero smtpclient.RecipientResult
	if zero.Outcome != smtpclient.Unknown {
		t.Errorf("an outcome that nobody set is %s", zero.Outcome)
	}
}

func TestErrorFor(t *testing.T) {
	refusal := &smtpclient.ReplyError{Verb: "RCPT", Reply: smtpclient.Reply{Code: 550}}
	lost := &smtpclient.SessionError{Outcome: smtpclient.Unknown, Err: errors.New("gone")}
	of := func(errs ...error) (r []smtpclient.RecipientResult) {
		for _, err := range errs {
			r = append(r, smtpclient.RecipientResult{Err: err})
		}
		return r
	}
	for _, tt := range []struct {
		name       string
		recipients []smtpclient.RecipientResult
		want       error // nil with several: *RecipientsError
		several    bool
	}{
		{"nobody", nil, nil, false},
		{"one accepted", of(nil), nil, false},
		{"all accepted", of(nil, nil, nil), nil, false},
		{"one refused", of(refusal), refusal, false},
		{"all the same", of(lost, lost), lost, false},
		{"first accepted", of(nil, refusal), nil, true},
		{"last accepted", of(refusal, nil), nil, true},
		{"different", of(refusal, lost), nil, true},
	} {
		err := smtpclient.ErrorFor(tt.recipients)
		var several *smtpclient.RecipientsError
		if errors.As(err, &several) != tt.several || !tt.several && err != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.several && len(several.Recipients) != len(tt.recipients) {
			t.Errorf("%s: %d recipients", tt.name, len(several.Recipients))
		}
	}
}
