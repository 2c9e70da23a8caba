package message

import (
	"fmt"
	"strings"
)

// A Calendar is an iCalendar object that travels with a [Message], in most cases
// an invitation (RFC 6047).
type Calendar struct {
	// Content is the iCalendar object (RFC 5545), in UTF-8 with any line
	// endings. It is an alternative to Text and HTML, which is where mail
	// readers look for an invitation. Empty means that there is none.
	Content string
	// Method is what the receiver is to do with it, as the METHOD in Content
	// says: "REQUEST" for an invitation, "CANCEL", "REPLY", "PUBLISH". Empty
	// takes it from there.
	Method string
	// Filename, such as "invite.ics", attaches the object as a file as well,
	// for readers that do not look at alternatives. Empty does not.
	Filename string
}

// method returns the METHOD of the content, or "" if it has none.
func (c *Calendar) method() string {
	for line := range strings.Lines(string(normalize(c.Content))) {
		name, value, ok := strings.Cut(line, ":")
		name, _, _ = strings.Cut(name, ";") // its parameters (RFC 5545 3.1)
		if ok && strings.EqualFold(name, "METHOD") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// media returns the value of Content-Type; RFC 6047 2.4 has the method in it.
func (c *Calendar) media(typ string) string {
	if c.Content == "" {
		return ""
	}
	typ += "; charset=utf-8"
	if method := c.method(); method != "" {
		typ += "; method=" + strings.ToUpper(method)
	}
	return typ
}

func (c *Calendar) attachment() Attachment {
	return Attachment{Filename: c.Filename, ContentType: c.media("application/ics"), Content: normalize(c.Content)}
}

// check checks what a reader would otherwise take for no invitation at all.
func (c *Calendar) check() error {
	if c.Content == "" {
		if c.Method != "" || c.Filename != "" {
			return &FieldError{Field: "Calendar.Content", Reason: ErrBadCalendar, Detail: "empty"}
		}
		return nil
	}
	if err := checkBody("Calendar.Content", c.Content); err != nil {
		return err
	}
	first := c.Content
	if i := strings.IndexAny(first, "\r\n"); i >= 0 {
		first = first[:i]
	}
	if !strings.EqualFold(strings.TrimSpace(first), "BEGIN:VCALENDAR") {
		return &FieldError{Field: "Calendar.Content", Reason: ErrBadCalendar, Detail: "does not start with BEGIN:VCALENDAR"}
	}
	method := c.method()
	if strings.ContainsFunc(method, func(r rune) bool { return r > '~' || !isTokenChar(byte(r)) }) || len(method) > maxParamName {
		return &FieldError{Field: "Calendar.Content", Reason: ErrBadCalendar, Detail: "METHOD is " + excerpt(method)}
	}
	if c.Method != "" && !strings.EqualFold(c.Method, method) {
		return &FieldError{Field: "Calendar.Method", Reason: ErrBadCalendar,
			Detail: fmt.Sprintf("%s, but the content says %s", excerpt(c.Method), excerpt(method))}
	}
	return nil
}
