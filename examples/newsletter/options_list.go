package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/bulksmtp/bulksmtp/message"
)

// ListOptions are the flags about what the mails say of the list.
type listOptions struct {
	unsubscribeURL string
	unsubscribeKey string
	listIDText     string
	listID         string // of listIDText
	listName       string // of listIDText; may be empty
}

func (o *listOptions) flags(f *flag.FlagSet) {
	f.StringVar(&o.unsubscribeURL, "unsubscribe-url", "", "https `URL` for one-click unsubscription; {token} in it stands for the recipient's token (default: a parameter token)")
	f.StringVar(&o.unsubscribeKey, "unsubscribe-key", "unsubscribe.key", "`file` with the keys of these tokens, made if there is none")
	f.StringVar(&o.listIDText, "list-id", "", "`identifier` of the list, such as weekly.example.org, or 'Name <weekly.example.org>'")
}

// checkList checks the flags with the package that will write the fields.
func (o *options) checkList() error {
	o.listName, o.listID = splitListID(o.listIDText)
	if o.given["list-id"] {
		if err := (&message.Message{From: o.from, To: []message.Address{o.from}, Text: "x", List: o.list(nil)}).Validate(); err != nil || o.listID == "" {
			return fmt.Errorf("-list-id: %q is no identifier such as weekly.example.org, nor one in angle brackets behind a name", o.listIDText)
		}
	}
	if o.unsubscribeURL == "" && !o.given["unsubscribe-url"] {
		if o.given["unsubscribe-key"] {
			return errors.New("-unsubscribe-key: needs -unsubscribe-url")
		}
		return nil
	}
	_, err := o.oneClick([][]byte{bytes.Repeat([]byte{0}, keyOctets)}) // the key does not matter here
	return err
}

// splitListID reads an identifier, or a name with one behind it in angle brackets.
func splitListID(s string) (name, id string) {
	open := strings.LastIndexByte(s, '<')
	if open < 0 || !strings.HasSuffix(s, ">") {
		return "", s
	}
	return strings.Trim(s[:open], ` "`), s[open+1 : len(s)-1]
}

// list returns what the mails say of the list.
func (o *listOptions) list(oneClick *message.OneClick) message.List {
	return message.List{ID: o.listID, Name: o.listName, OneClick: oneClick}
}

// oneClick makes the unsubscribe URLs with keys. A token is good for one list
// only, so that lists can share the keys.
func (o *listOptions) oneClick(keys [][]byte) (*message.OneClick, error) {
	oneClick, err := message.NewOneClick(message.OneClickConfig{URL: o.unsubscribeURL, Keys: keys, List: o.listID})
	var field *message.FieldError
	if errors.As(err, &field) {
		return nil, fmt.Errorf("-unsubscribe-url: not an https URL that can stand in a mail: %s", field.Detail)
	}
	return oneClick, err
}
