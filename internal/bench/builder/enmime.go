package builder

import (
	"github.com/jhillyerd/enmime"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

// fillers fill the newsletter's sources.
var (
	subject = content.NewFiller(content.NewsletterSubject)
	text    = content.NewFiller(content.NewsletterText)
	html    = content.NewFiller(content.NewsletterHTML)
)

func enmimeBuilder() *Builder {
	return &Builder{Name: Enmime, Note: "github.com/jhillyerd/enmime, its builder", New: func() (Build, error) {
		return func(out []byte, r *Reader) ([]byte, error) { return encode(out, newsletterOf(r)) }, nil
	}}
}

func enmimeFile() *Builder {
	return &Builder{Name: "enmime, with a file", Note: "the same with an attachment of 200 KB", Baseline: Copy, New: func() (Build, error) {
		return func(out []byte, r *Reader) ([]byte, error) {
			return encode(out, newsletterOf(r).AddAttachment(file, "application/pdf", "report.pdf"))
		}, nil
	}}
}

func newsletterOf(r *Reader) enmime.MailBuilder {
	return enmime.Builder().From(content.FromName, content.From).To("", r.To).Subject(subject.Fill(r.Fields)).
		Header("Message-Id", "<"+r.MessageID+">").
		Header("List-Unsubscribe", "<"+r.Link+">").Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click").
		Text([]byte(text.Fill(r.Fields))).HTML([]byte(html.Fill(r.Fields)))
}

func encode(out []byte, b enmime.MailBuilder) ([]byte, error) {
	p, err := b.Build()
	if err != nil {
		return nil, err
	}
	w := writer{out}
	err = p.Encode(&w)
	return w.out, err
}

// A writer appends.
type writer struct{ out []byte }

func (w *writer) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}
