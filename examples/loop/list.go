package main

import (
	"fmt"
	"path/filepath"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/verp"
)

// Sender is the return path that the tokens are written into.
const sender = "news@lists.example.net"

// A mailingList is the recipients, and what makes and reads the return paths that
// name them. A token has the number of the recipient in the list, so that it fits
// whatever the address, and tells nobody else whom it is for.
type mailingList struct {
	recipients []string
	signer     *verp.Signer
}

// newMailingList makes up n recipients. The keys are in dir, where the next run
// finds them.
func newMailingList(n int, dir string) (mailingList, error) {
	keys, err := verp.OpenKeyFile(filepath.Join(dir, "verp.key"))
	if err != nil {
		return mailingList{}, err
	}
	signer, err := verp.NewSigner(verp.SignerConfig{Sender: sender, Keys: keys})
	if err != nil {
		return mailingList{}, err
	}
	l := mailingList{make([]string, n), signer}
	for i := range l.recipients {
		l.recipients[i] = fmt.Sprintf("reader.%d@example.org", i+1)
	}
	return l, nil
}

// job makes a newsletter for the recipient number i.
func (l mailingList) job(number, i int) (pool.Job, error) {
	to := l.recipients[i]
	path, err := l.signer.Encode(verp.Subject{ID: verp.IntID(uint64(i)), Campaign: uint64(number)})
	if err != nil {
		return pool.Job{}, err
	}
	content, err := letter(number, to)
	if err != nil {
		return pool.Job{}, err
	}
	return pool.Job{Tag: to, Mail: smtpclient.Mail{From: path, To: smtpclient.Recipients(to), Content: content}}, nil
}

// recipient returns whom a return path names.
func (l mailingList) recipient(path string) (string, error) {
	p, err := l.signer.Decode(path)
	if err != nil {
		return "", err
	}
	i, ok := p.IntID()
	if !ok || i >= uint64(len(l.recipients)) {
		return "", fmt.Errorf("nobody has the number %x", p.ID)
	}
	return l.recipients[i], nil
}

func letter(number int, to string) ([]byte, error) {
	m := message.Message{
		From:    message.Address{Name: "The News", Addr: "news@example.net"},
		To:      []message.Address{{Addr: to}},
		Subject: fmt.Sprintf("Newsletter no. %d", number),
		Text:    "Hello,\n\nthere is nothing new.\n",
	}
	return m.Bytes()
}
