package builder

import (
	htmltemplate "html/template"
	texttemplate "text/template"

	"github.com/wneessen/go-mail"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

func goMail() *Builder {
	return &Builder{Name: GoMail, Note: "github.com/wneessen/go-mail, filled by joining strings", New: func() (Build, error) {
		return func(out []byte, r *Reader) ([]byte, error) {
			m, err := goMailHeader(r, subject.Fill(r.Fields))
			if err != nil {
				return nil, err
			}
			m.SetBodyString(mail.TypeTextPlain, text.Fill(r.Fields))
			m.AddAlternativeString(mail.TypeTextHTML, html.Fill(r.Fields))
			return goMailWrite(out, m)
		}, nil
	}}
}

func goMailTemplates() *Builder {
	return &Builder{Name: "go-mail, templates", Note: "the same with text/template and html/template", New: func() (Build, error) {
		textT, err := texttemplate.New("text").Parse(content.NewsletterText)
		if err != nil {
			return nil, err
		}
		htmlT, err := htmltemplate.New("html").Parse(content.NewsletterHTML)
		if err != nil {
			return nil, err
		}
		return func(out []byte, r *Reader) ([]byte, error) {
			m, err := goMailHeader(r, subject.Fill(r.Fields))
			if err != nil {
				return nil, err
			}
			if err := m.SetBodyTextTemplate(textT, r.Fields); err != nil {
				return nil, err
			}
			if err := m.AddAlternativeHTMLTemplate(htmlT, r.Fields); err != nil {
				return nil, err
			}
			return goMailWrite(out, m)
		}, nil
	}}
}

func goMailHeader(r *Reader, subject string) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.FromFormat(content.FromName, content.From); err != nil {
		return nil, err
	}
	if err := m.To(r.To); err != nil {
		return nil, err
	}
	m.Subject(subject)
	m.SetMessageIDWithValue(r.MessageID)
	m.SetDate()
	m.SetGenHeader("List-Unsubscribe", "<"+r.Link+">")
	m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	return m, nil
}

func goMailWrite(out []byte, m *mail.Msg) ([]byte, error) {
	w := writer{out}
	_, err := m.WriteTo(&w)
	return w.out, err
}
