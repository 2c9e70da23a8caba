package sender

import (
	"context"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// sessions is package smtpclient without a pool in front of it, in the modes
// where Start runs ahead: what the pool costs is the difference.
func sessions() []*Sender {
	return []*Sender{bulk("session", overlapWay, sendBySessions), bulk("session", streamWay, sendBySessions)}
}

func sendBySessions(l *Load, relay smtpclient.Config) error {
	return l.Each(func() error {
		ctx := context.Background()
		s, err := smtpclient.Dial(ctx, relay)
		if err != nil {
			return err
		}
		defer s.Close()
		var spare letters
		for i := range l.Numbers() {
			m := spare.get()
			if m.done == nil {
				m.done = func(r *smtpclient.Result) {
					if r.Err != nil {
						l.Fail(r.Err)
						return
					}
					l.Accepted(1)
					spare.put(m)
				}
			}
			m.write(i)
			s.Start(&m.Mail, m.done)
		}
		return s.Quit(ctx)
	})
}
