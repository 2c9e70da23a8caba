// Package builder has the builders of mails that the bench compares: what makes
// a newsletter of six merged fields into bytes, for one recipient after the
// other. A builder uses its library as the library's documentation has it.
package builder

import "github.com/bulksmtp/bulksmtp/internal/bench/content"

// A Reader is whom a newsletter is for.
type Reader struct {
	To, MessageID, Link string
	Fields              map[string]string
}

// NewReader returns the reader of mail i.
func NewReader(i int) *Reader {
	return &Reader{To: content.Recipient(i), MessageID: content.MessageID(i), Link: content.Link(i), Fields: content.NewsletterFields(i)}
}

// A Build appends the newsletter for a reader.
type Build func(out []byte, r *Reader) ([]byte, error)

// A Builder makes newsletters.
type Builder struct {
	Name string
	// Note says in a few words what it does.
	Note string
	// New prepares what all mails have in common.
	New func() (Build, error)
	// Baseline names the builder to compare it with; empty is that of enmime.
	Baseline string
	// Floor says that what it makes is no mail of its own.
	Floor bool
}

// Names of builders that others are compared with.
const (
	Enmime = "enmime"
	GoMail = "go-mail"
	Copy   = "floor: a copy of a mail with the file"
)

// All returns the builders, in the order of the table.
func All() []*Builder {
	return []*Builder{
		enmimeBuilder(), goMail(), goMailTemplates(), smtpPool(),
		bulkMessage(), bulkExecuted(), bulkMerged(), bulkOneClick(), copyMail(),
		enmimeFile(), bulkFile(), copyFile(),
	}
}

// Named returns the builder of that name, or nil.
func Named(name string) *Builder {
	for _, b := range All() {
		if b.Name == name {
			return b
		}
	}
	return nil
}
