package sender

import (
	"fmt"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// Window is how many mails a session that streams may have unanswered.
const window = 64

// floor is a loop over a bare connection.
func floor(name, note string, loop func(*Load, *wire) error) *Sender {
	return &Sender{Name: "floor " + name, Note: note, Check: sink.CheckExact, Send: func(l *Load) error {
		return l.Each(func() error {
			w, err := dialWire(l.Addr)
			if err != nil {
				return err
			}
			defer w.Close()
			if err := loop(l, w); err != nil {
				return err
			}
			return w.exchange([]byte("QUIT\r\n"), 1)
		})
	}}
}

func lockstepFloor() *Sender {
	return floor("lockstep", "a command at a time", func(l *Load, w *wire) error {
		var b []byte
		for i := range l.Numbers() {
			if err := w.exchange(append(b[:0], mailCommand...), 1); err != nil {
				return err
			}
			if err := w.exchange(appendRCPT(b[:0], i), 1); err != nil {
				return err
			}
			if err := w.exchange(append(b[:0], "DATA\r\n"...), 1); err != nil {
				return err
			}
			b = content.AppendStuffed(b[:0], i)
			if err := w.exchange(b, 1); err != nil {
				return err
			}
			l.Accepted(1)
		}
		return nil
	})
}

func envelopeFloor() *Sender {
	return floor("envelope", "MAIL, RCPT and DATA together", func(l *Load, w *wire) error {
		var b []byte
		for i := range l.Numbers() {
			b = appendEnvelope(b[:0], i)
			if err := w.exchange(b, 3); err != nil {
				return err
			}
			b = content.AppendStuffed(b[:0], i)
			if err := w.exchange(b, 1); err != nil {
				return err
			}
			l.Accepted(1)
		}
		return nil
	})
}

// overlapFloor does without the RSET that keeps a refused mail's successor out
// of its envelope: here nothing is refused.
func overlapFloor() *Sender {
	return floor("overlap", "a mail and the next one's envelope together", func(l *Load, w *wire) error {
		var b []byte
		i, n := l.Take(1)
		if n == 1 {
			b = appendEnvelope(b, i)
			if err := w.exchange(b, 3); err != nil {
				return err
			}
		}
		for n == 1 {
			b = content.AppendStuffed(b[:0], i)
			replies := 1
			if i, n = l.Take(1); n == 1 {
				b = appendEnvelope(b, i)
				replies = 4
			}
			if err := w.exchange(b, replies); err != nil {
				return err
			}
			l.Accepted(1)
		}
		return nil
	})
}

// streamFloor writes half a window at a time, and then waits for the replies to
// the half before. It does without RSET, as overlapFloor does.
func streamFloor() *Sender {
	note := fmt.Sprintf("BDAT, %d mails unanswered", window)
	return floor("stream", note, func(l *Load, w *wire) error {
		bdat := fmt.Sprintf("BDAT %d LAST\r\n", content.Size)
		var b []byte
		unanswered := 0
		for {
			first, n := l.Take(window / 2)
			b = b[:0]
			for i := first; i < first+n; i++ {
				b = append(appendRCPT(append(b, mailCommand...), i), bdat...)
				b = content.Append(b, i)
			}
			if n > 0 {
				if _, err := w.Write(b); err != nil {
					return err
				}
			}
			if err := w.replies(3 * unanswered); err != nil {
				return err
			}
			l.Accepted(unanswered)
			if unanswered = n; n == 0 {
				return nil
			}
		}
	})
}
