package content_test

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

func TestMail(t *testing.T) {
	for _, i := range []int{0, 7, 12_345, content.MaxNumber} {
		b := content.Append(nil, i)
		if len(b) != content.Size {
			t.Errorf("mail %d has %d octets, want %d", i, len(b), content.Size)
		}
		m, err := mail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if to := m.Header.Get("To"); to != "<"+content.Recipient(i)+">" {
			t.Errorf("To: %s", to)
		}
		if id := m.Header.Get("Message-ID"); id != "<"+content.MessageID(i)+">" {
			t.Errorf("Message-ID: %s", id)
		}
		if !bytes.HasSuffix(b, []byte("\r\n\r\n"+content.Text(i))) || !strings.Contains(content.Text(i), content.Link(i)+"\r\n") {
			t.Errorf("mail %d has another text", i)
		}
		if n := content.RecipientNumber([]byte("RCPT TO:<" + content.Recipient(i) + ">")); n != i {
			t.Errorf("recipient %d has the number %d", i, n)
		}
	}
}

func TestStuffed(t *testing.T) {
	b := content.AppendStuffed(nil, 5)
	if !bytes.Contains(b, []byte("\r\n.. a line")) || bytes.Count(b, []byte("\r\n.\r\n")) != 1 || !bytes.HasSuffix(b, []byte("\r\n.\r\n")) {
		t.Errorf("not dot-stuffed:\n%s", b)
	}
	b = bytes.ReplaceAll(bytes.TrimSuffix(b, []byte(".\r\n")), []byte("\r\n.."), []byte("\r\n."))
	if !bytes.Equal(b, content.Append(nil, 5)) {
		t.Error("unstuffed, it is another mail")
	}
}

// TestChecks: what is right passes, and each thing that is wrong does not.
func TestChecks(t *testing.T) {
	good := string(content.Append(nil, 42))
	if err := content.CheckExact([]byte(good), 42); err != nil {
		t.Error(err)
	}
	if err := content.CheckNumbers([]byte(good), 42); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]string{
		"another mail": string(content.Append(nil, 43)),
		"To":           strings.Replace(good, content.Recipient(42), content.Recipient(43), 1),
		"Message-ID":   strings.Replace(good, content.MessageID(42), content.MessageID(43), 1),
		"link":         strings.ReplaceAll(good, content.Link(42), content.Link(43)),
		"no link":      strings.ReplaceAll(good, content.Link(42), "https://bench.example/u/4x"),
		"no text":      good[:strings.Index(good, "\r\n\r\n")],
		"empty":        "",
	} {
		if content.CheckExact([]byte(bad), 42) == nil {
			t.Errorf("%s: CheckExact finds nothing wrong", name)
		}
		if content.CheckNumbers([]byte(bad), 42) == nil {
			t.Errorf("%s: CheckNumbers finds nothing wrong", name)
		}
	}
	if content.CheckExact([]byte(good[:len(good)-2]), 42) == nil {
		t.Error("CheckExact finds a truncated mail good")
	}
}

// TestAllocations: a sender's figures have no more of the content in them than
// they must.
func TestAllocations(t *testing.T) {
	var b []byte
	for name, test := range map[string]struct {
		most float64
		do   func()
	}{
		"Recipient":     {1, func() { _ = content.Recipient(12_345) }},
		"Text":          {2, func() { _ = content.Text(12_345) }},
		"Append":        {0, func() { b = content.Append(b[:0], 12_345) }},
		"AppendStuffed": {0, func() { b = content.AppendStuffed(b[:0], 12_345) }},
	} {
		if n := testing.AllocsPerRun(100, test.do); n > test.most {
			t.Errorf("%s: %v allocations, want %v", name, n, test.most)
		}
	}
}
