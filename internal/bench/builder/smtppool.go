package builder

import (
	"net/textproto"

	"github.com/knadh/smtppool/v2"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

func smtpPool() *Builder {
	return &Builder{Name: "smtppool v2", Note: "github.com/knadh/smtppool/v2, its Email", New: func() (Build, error) {
		return func(out []byte, r *Reader) ([]byte, error) {
			e := SMTPPoolEmail(r)
			raw, err := e.Bytes()
			return append(out, raw...), err
		}, nil
	}}
}

// SMTPPoolEmail returns a newsletter as smtppool takes it.
func SMTPPoolEmail(r *Reader) smtppool.Email {
	h := textproto.MIMEHeader{}
	h.Set("Message-Id", "<"+r.MessageID+">")
	h.Set("List-Unsubscribe", "<"+r.Link+">")
	h.Set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	return smtppool.Email{
		From: content.FromName + " <" + content.From + ">", Sender: content.From, To: []string{r.To},
		Subject: subject.Fill(r.Fields), Text: []byte(text.Fill(r.Fields)), HTML: []byte(html.Fill(r.Fields)), Headers: h,
	}
}
