package builder

import (
	"math/rand/v2"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/message"
)

// bulkMessage builds a Message for each recipient, without a template.
func bulkMessage() *Builder {
	return &Builder{Name: "bulksmtp Message", Note: "built anew, filled by joining strings", New: func() (Build, error) {
		return func(out []byte, r *Reader) ([]byte, error) {
			m := message.Message{
				From: message.Address{Name: content.FromName, Addr: content.From}, To: []message.Address{{Addr: r.To}},
				MessageID: r.MessageID, Subject: subject.Fill(r.Fields), Text: text.Fill(r.Fields), HTML: html.Fill(r.Fields),
				Headers: []message.Header{{Name: "List-Unsubscribe", Value: "<" + r.Link + ">"}, {Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"}},
			}
			return m.Append(out)
		}, nil
	}}
}

// config has the newsletter's sources and the header fields that the others write.
func config() message.TemplateConfig {
	return message.TemplateConfig{
		Message: message.Message{
			From:    message.Address{Name: content.FromName, Addr: content.From},
			Headers: []message.Header{{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"}},
		},
		Subject: content.NewsletterSubject, Text: content.NewsletterText, HTML: content.NewsletterHTML,
		Headers: []message.Header{{Name: "List-Unsubscribe", Value: "<{{.link}}>"}},
	}
}

func bulkMerged() *Builder {
	return fromTemplate(&Builder{Name: "bulksmtp Template", Note: "fields merged"}, config)
}

// bulkExecuted has a condition in each body, so that both are executed.
func bulkExecuted() *Builder {
	return fromTemplate(&Builder{Name: "bulksmtp Template, executed", Note: "a condition in text and HTML"}, func() message.TemplateConfig {
		cfg := config()
		cfg.Text += "{{if not .name}}nobody{{end}}"
		cfg.HTML += "{{if not .name}}nobody{{end}}"
		return cfg
	})
}

func bulkOneClick() *Builder {
	return fromTemplate(&Builder{Name: "bulksmtp Template, one-click", Note: "and a token of the recipient's in two places"}, func() message.TemplateConfig {
		cfg := config()
		cfg.Headers, cfg.Message.Headers = nil, nil
		o, err := message.NewOneClick(message.OneClickConfig{URL: "https://bench.example/unsubscribe", Keys: [][]byte{make([]byte, 32)}})
		if err != nil {
			panic(err)
		}
		cfg.Message.List.OneClick = o
		cfg.HTML += "<a href=\"{{unsubscribe}}\">Unsubscribe</a>\n"
		return cfg
	})
}

func bulkFile() *Builder {
	return fromTemplate(&Builder{Name: "bulksmtp Template, with a file", Note: "fields merged, an attachment of 200 KB", Baseline: Copy}, withFile)
}

func withFile() message.TemplateConfig {
	cfg := config()
	cfg.Message.Attachments = []message.Attachment{{Filename: "report.pdf", Content: file}}
	return cfg
}

// file is what some attach.
var file = func() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 200<<10)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}()

func fromTemplate(b *Builder, cfg func() message.TemplateConfig) *Builder {
	b.New = func() (Build, error) {
		return NewRenderer(cfg())
	}
	return b
}

// NewRenderer returns a func that appends a reader's newsletter. It may be called
// concurrently.
func NewRenderer(cfg message.TemplateConfig) (Build, error) {
	t, err := message.NewTemplate(cfg)
	if err != nil {
		return nil, err
	}
	return func(out []byte, r *Reader) ([]byte, error) {
		return t.Append(out, &message.Recipient{To: message.Address{Addr: r.To}, MessageID: r.MessageID, Fields: r.Fields})
	}, nil
}

// Newsletter returns the config of the newsletter with its fields merged.
func Newsletter() message.TemplateConfig { return config() }

func copyMail() *Builder { return copier("floor: a copy of a mail", "", config) }

func copyFile() *Builder { return copier(Copy, Copy, withFile) }

func copier(name, baseline string, cfg func() message.TemplateConfig) *Builder {
	return &Builder{Name: name, Note: "bytes that are ready", Baseline: baseline, Floor: true, New: func() (Build, error) {
		render, err := NewRenderer(cfg())
		if err != nil {
			return nil, err
		}
		mail, err := render(nil, NewReader(0))
		return func(out []byte, _ *Reader) ([]byte, error) { return append(out, mail...), nil }, err
	}}
}
