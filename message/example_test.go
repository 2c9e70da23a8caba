package message_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"time"

	"github.com/bulksmtp/bulksmtp/message"
	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// From a Message to what smtpclient and pool send.
func Example_send() {
	server := smtptest.NewServer() // stands for a relay
	defer server.Close()
	session, err := smtpclient.Dial(context.Background(), smtpclient.Config{
		Addr: server.Addr, TLSConfig: server.ClientTLSConfig(),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	m := message.Message{
		From:    message.Address{Addr: "zoe@example.com"},
		To:      []message.Address{{Addr: "bob@example.net"}},
		Subject: "Hello",
		Text:    "The office is closed on Friday.\n",
	}
	content, err := m.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	sender, recipients, err := m.Envelope()
	if err != nil {
		log.Fatal(err)
	}
	result, err := session.Send(context.Background(), &smtpclient.Mail{
		From:     sender,
		To:       smtpclient.Recipients(recipients...),
		Content:  content,
		SMTPUTF8: m.NeedsSMTPUTF8(),
	})
	fmt.Println(result.Recipients[0].Outcome, err)
	// Output: accepted <nil>
}

// One mail: its bytes and its envelope are what a session takes.
func Example() {
	m := message.Message{
		From:      message.Address{Name: "Zoë", Addr: "zoe@bücher.example"},
		To:        []message.Address{{Name: "Bob", Addr: "bob@example.net"}},
		Bcc:       []message.Address{{Addr: "archive@example.org"}},
		Subject:   "Grüße",
		Text:      "Hello Bob,\nthe office is closed on Friday.\n",
		Date:      time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), // usually left out
		MessageID: "1@example.org",                              // usually left out
	}
	content, err := m.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	sender, recipients, err := m.Envelope()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sender, recipients)
	fmt.Print(strings.ReplaceAll(string(content), "\r\n", "\n"))
	// Output:
	// zoe@xn--bcher-kva.example [bob@example.net archive@example.org]
	// Date: Sun, 01 Mar 2026 09:30:00 +0000
	// From: =?utf-8?q?Zo=C3=AB?= <zoe@xn--bcher-kva.example>
	// To: Bob <bob@example.net>
	// Message-ID: <1@example.org>
	// Subject: =?utf-8?b?R3LDvMOfZQ==?=
	// MIME-Version: 1.0
	// Content-Transfer-Encoding: 7bit
	// Content-Type: text/plain; charset=utf-8
	//
	// Hello Bob,
	// the office is closed on Friday.
}

// A message for each recipient from one template.
func ExampleTemplate() {
	t, err := message.NewTemplate(message.TemplateConfig{
		Message: message.Message{From: message.Address{Addr: "news@example.org"}},
		Subject: "News for {{.name}}",
		Text:    "Dear {{.name | default \"reader\"}},\nyou live in {{.city}}.\n",
		HTML:    "<p>Dear <b>{{.name | default \"reader\"}}</b>, you live in {{.city}}.</p>",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Before anything is sent: has each row what the template uses?
	fmt.Println(t.Check([]string{"email", "name"}))

	var content []byte
	for _, row := range []map[string]string{
		{"email": "ann@example.net", "name": "Ann & Co", "city": "Zürich"},
		{"email": "bob@example.net", "name": "", "city": "Oslo"},
	} {
		content, err = t.Append(content[:0], &message.Recipient{
			To:     message.Address{Name: row["name"], Addr: row["email"]},
			Fields: row,
		})
		if err != nil {
			log.Fatal(err)
		}
		// Here the content goes to smtpclient or pool.
		_, html, _ := strings.Cut(string(content), "text/html; charset=utf-8\r\n\r\n")
		fmt.Println(html[:strings.Index(html, "\r\n")])
	}
	// Output:
	// message: template text:2:15: missing field "city"
	// message: template html:1:60: missing field "city"
	// <p>Dear <b>Ann &amp; Co</b>, you live in Z=C3=BCrich.</p>
	// <p>Dear <b>reader</b>, you live in Oslo.</p>
}

// A newsletter that readers leave with one click (RFC 8058), and the web server
// that they come to.
func ExampleOneClick() {
	oneClick, err := message.NewOneClick(message.OneClickConfig{
		URL:    "https://example.org/unsubscribe/{token}",
		Keys:   [][]byte{[]byte("a secret of the sender and the web server")},
		Mailto: "mailto:leave@example.org",
	})
	if err != nil {
		log.Fatal(err)
	}
	t, err := message.NewTemplate(message.TemplateConfig{
		Message: message.Message{
			From: message.Address{Name: "Example Weekly", Addr: "news@example.org"},
			List: message.List{ID: "weekly.example.org", OneClick: oneClick},
		},
		Subject: "News for {{.name}}",
		Text:    "Dear {{.name}},\n\nto leave: {{unsubscribe}}\n",
		HTML:    `<p>Dear {{.name}},</p><p><a href="{{unsubscribe}}">Leave</a></p>`,
	})
	if err != nil {
		log.Fatal(err)
	}
	mail, err := t.Append(nil, &message.Recipient{
		To:     message.Address{Addr: "ann@example.net"},
		Fields: map[string]string{"name": "Ann"},
	})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/unsubscribe/{token}", func(w http.ResponseWriter, r *http.Request) {
		recipient, clicked, err := oneClick.Request(r)
		switch {
		case err != nil:
			http.Error(w, "This link is not one of ours.", http.StatusBadRequest)
		case clicked:
			fmt.Println("unsubscribe", recipient)
		default:
			fmt.Println("show a button to", recipient)
		}
	})

	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(mail))).ReadMIMEHeader()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(header.Get("List-Id"), header.Get("List-Unsubscribe-Post"))
	link, _, _ := strings.Cut(strings.TrimPrefix(header.Get("List-Unsubscribe"), "<"), ">")
	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", link, nil))
	button := httptest.NewRequest("POST", link, strings.NewReader("List-Unsubscribe=One-Click"))
	button.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	mux.ServeHTTP(httptest.NewRecorder(), button)
	// Output:
	// <weekly.example.org> List-Unsubscribe=One-Click
	// show a button to ann@example.net
	// unsubscribe ann@example.net
}

// A row of merge values that cannot stand in a header is found before it is sent.
func ExampleMessage_Validate() {
	m := message.Message{
		From:    message.Address{Addr: "news@example.org"},
		To:      []message.Address{{Name: "Eve\r\nBcc: everybody@example.net", Addr: "eve@example.net"}},
		Subject: "News",
	}
	fmt.Println(m.Validate())
	// Output:
	// message: To[0].Name: bad header value: control character in "Eve\r\nBcc: everybody@example.net"
}
