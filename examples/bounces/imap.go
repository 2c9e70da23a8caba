package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"strings"

	"github.com/bulksmtp/bulksmtp/bounce"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// imapBatch is how many mails are asked for at a time.
const imapBatch = 100

// ImapMails reads a mailbox on an IMAP server. It is opened read-only, and no mail
// in it is changed, unless -imap-new asks for it: what is marked as seen was kept
// before that.
func imapMails(parser *bounce.Parser, o *options, keep func() error) iter.Seq2[bounce.Mail, error] {
	return func(yield func(bounce.Mail, error) bool) {
		c, err := o.dialIMAP()
		if err != nil {
			yield(bounce.Mail{}, err)
			return
		}
		defer c.Close()
		uids, err := openMailbox(c, o)
		for err == nil && len(uids) > 0 {
			batch := uids[:min(len(uids), imapBatch)]
			uids = uids[len(batch):]
			var mails []bounce.Mail
			if mails, err = fetch(c, parser, o, batch); err != nil {
				break
			}
			for _, m := range mails {
				if !yield(m, nil) {
					return
				}
			}
			if o.imapNew {
				if err := keep(); err != nil {
					yield(bounce.Mail{}, err)
					return
				}
				err = c.Store(imap.UIDSetNum(batch...), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
			}
		}
		if err == nil {
			err = c.Logout().Wait()
		}
		if err != nil {
			yield(bounce.Mail{}, fmt.Errorf("-imap: %w", err))
		}
	}
}

// dialIMAP connects and logs in. There is no way to do so without TLS.
func (o *options) dialIMAP() (*imapclient.Client, error) {
	password, err := os.ReadFile(o.imapPassword)
	if err != nil {
		return nil, fmt.Errorf("-imap-password-file: %w", err)
	}
	config, err := o.imapTLSConfig()
	if err != nil {
		return nil, err
	}
	dial := imapclient.DialTLS
	if o.imapTLS == "starttls" {
		dial = imapclient.DialStartTLS
	}
	c, err := dial(o.imapAddr(), &imapclient.Options{TLSConfig: config})
	if err != nil {
		return nil, fmt.Errorf("-imap: %w", err)
	}
	if err := c.Login(o.imapUser, strings.TrimRight(string(password), "\r\n")).Wait(); err != nil {
		c.Close()
		return nil, fmt.Errorf("-imap: login: %w", err)
	}
	return c, nil
}

// imapAddr adds the usual port (RFC 8314) to a host without one.
func (o *options) imapAddr() string {
	if _, _, err := net.SplitHostPort(o.imap); err == nil {
		return o.imap
	}
	host := strings.TrimSuffix(strings.TrimPrefix(o.imap, "["), "]")
	if o.imapTLS == "starttls" {
		return net.JoinHostPort(host, "143")
	}
	return net.JoinHostPort(host, "993")
}

func (o *options) imapTLSConfig() (*tls.Config, error) {
	if o.imapCA == "" {
		return nil, nil // the system's authorities
	}
	pem, err := os.ReadFile(o.imapCA)
	if err != nil {
		return nil, fmt.Errorf("-imap-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("-imap-ca: no certificate in %s", o.imapCA)
	}
	host, _, _ := net.SplitHostPort(o.imapAddr())
	return &tls.Config{RootCAs: roots, ServerName: host}, nil
}

// openMailbox returns the mails to read, in the order of the mailbox.
func openMailbox(c *imapclient.Client, o *options) ([]imap.UID, error) {
	if _, err := c.Select(o.imapMailbox, &imap.SelectOptions{ReadOnly: !o.imapNew}).Wait(); err != nil {
		return nil, err
	}
	criteria := &imap.SearchCriteria{}
	if o.imapNew {
		criteria.NotFlag = []imap.Flag{imap.FlagSeen}
	}
	found, err := c.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, err
	}
	return found.AllUIDs(), nil
}

// fetch reads some mails, each up to the size that a parser looks at.
func fetch(c *imapclient.Client, parser *bounce.Parser, o *options, uids []imap.UID) (mails []bounce.Mail, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: bounce.DefaultMaxSize}}
	cmd := c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	defer func() { err = errors.Join(err, cmd.Close()) }()
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		var m bounce.Mail
		var uid imap.UID
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				var content io.Reader = bytes.NewReader(nil)
				if item.Literal != nil {
					content = item.Literal
				}
				m.Report, m.Err = parser.Parse(content)
				if _, err := io.Copy(io.Discard, content); err != nil {
					return mails, err
				}
			}
		}
		m.File = fmt.Sprintf("imap://%s/%s;UID=%d", o.imap, o.imapMailbox, uid)
		if m.Report == nil && m.Err == nil {
			continue // a mail that has gone meanwhile
		}
		mails = append(mails, m)
	}
	return mails, nil
}
