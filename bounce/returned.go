package bounce

import "strings"

// splitReturned splits the text of a notice where the returned message begins.
// What comes behind a reply's "Original Message" line is split off the same way.
func splitReturned(text string) (notice, returned string) {
	for rest, at := text, 0; rest != ""; {
		line, after := cutLine(rest)
		if isReturnedMark(line) {
			return text[:at], after
		}
		if fieldName(line) > 0 && isHeaderBlock(rest) {
			return text[:at], rest
		}
		at += len(line) + 1
		rest = after
	}
	return text, ""
}

// What a line that announces the returned message is, without the dashes and the
// like around it; or begins with.
var (
	returnedLines = [...]string{
		"original message", "the original message", "original message headers", "original message header",
		"original message follows", "original mail", "message header", "message headers", "returned message",
		"returned mail", "original headers", "forwarded message", "original mail info", "message text",
		"original-nachricht", "ursprüngliche nachricht", "mensaje original", "message d'origine",
		"message original", "mensagem original", "messaggio originale", "исходное сообщение", "原始邮件",
		"元のメッセージ", "oorspronkelijk bericht", "original message header follows", "original e-mail",
		"original email", "the message header",
	}
	returnedStarts = [...]string{
		"below this line is a copy", "this is a copy of", "here is a copy of", "included is a copy of",
		"attached is a copy", "attachment is a copy", "enclosed is a copy", "below is a copy",
		"a copy of the original message", "a copy of the message", "a copy of your message",
		"a copy of the headers", "the header of the original message", "the headers of the original",
		"the header and top", "headers of the original message", "start of returned message",
		"your message reads", "your message began", "original message follows", "original message below",
		"original message text", "unsent message", "undelivered message", "returned message follows",
		"returned mail follows", "returned message below", "message header follows",
		"message headers follow", "message text follows", "message follows", "your message follows",
		"the message follows", "the returned message", "begin forwarded message", "mensaje original adjunto",
		"the body of your message", "the text of your message", "original mail follows",
		"contents of your message", "the beginning of your message", "copy of the original message",
		"copy of your message", "copie du message",
	}
)

// isReturnedMark reports a line that says that the returned message comes next.
func isReturnedMark(line string) bool {
	if len(line) > 120 || len(line) < 8 {
		return false
	}
	t := strings.ToLower(strings.Trim(line, "-=*_#|:+. \t"))
	for _, l := range returnedLines {
		if t == l {
			return true
		}
	}
	for _, p := range returnedStarts {
		if strings.HasPrefix(t, p) {
			return true
		}
	}
	return strings.HasPrefix(t, "the first ") && strings.Contains(t, "original message")
}

// isHeaderBlock reports whether s begins with the header of a message: three
// fields at least, one of them such as no notice has among its own words.
func isHeaderBlock(s string) bool {
	fields, telling := 0, false
	for s != "" && fields < 12 {
		line, rest := cutLine(s)
		n := fieldName(line)
		switch {
		case n > 0:
			fields++
			telling = telling || isTelling(strings.ToLower(strings.TrimRight(line[:n], " \t")))
		case line == "" || line[0] != ' ' && line[0] != '\t':
			return telling && fields >= 3
		}
		if telling && fields >= 3 {
			return true
		}
		s = rest
	}
	return telling && fields >= 3
}

func isTelling(name string) bool {
	switch name {
	case "received", "return-path", "message-id", "mime-version", "dkim-signature", "domainkey-signature",
		"delivered-to", "authentication-results", "content-transfer-encoding", "x-mailer", "arc-seal":
		return true
	}
	return false
}

// newOriginal reads what came back of the message. It is nil if there is nothing
// like a header.
func newOriginal(s string) *Original {
	s = strings.TrimLeft(s, "\n \t")
	for i := 0; i < 20 && s != "" && !isFromLine(s) && !startsField(s); i++ {
		_, s = cutLine(s) // a line of dashes, a remark
		s = strings.TrimLeft(s, "\n")
	}
	h, body := parseHeader(s)
	if len(h) == 0 {
		return nil
	}
	text := s[:len(s)-len(body)]
	if len(text) > maxOriginal {
		text = strings.ToValidUTF8(text[:maxOriginal], "")
	}
	return &Original{
		MessageID: messageID(h.get("Message-ID")),
		Subject:   h.text("Subject"),
		From:      h.text("From"),
		To:        h.text("To"),
		Header:    strings.Clone(text), // not the whole mail
	}
}
