package bounce

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Defaults of Config.
const (
	DefaultMaxSize  = 16 << 20
	DefaultMaxDepth = 20
)

// ErrNoMail is returned for what is no mail at all: nothing, or nothing that has
// a header.
var ErrNoMail = errors.New("bounce: not a mail")

// A Config says how to read mails. The zero Config reads all that a mail says of
// itself.
type Config struct {
	// VERP finds the recipient in a return path that the sender has made for it:
	//
	//	VERP: func(path string) (string, error) {
	//		return verp.Decode("list@example.net", path)
	//	}
	//
	// It is called with every address that the mail may have come back to
	// (Delivered-To, X-Original-To, Envelope-To, To, …), and with those that the
	// returned message and a feedback report name as its return path. An error
	// means that it is not such a path. Nil: there are none.
	VERP func(path string) (recipient string, err error)

	// HeaderField is a field of the sender's own in its messages, X-Recipient for
	// instance, by which it knows the recipient of one that comes back. Empty:
	// there is none.
	HeaderField string
	// Header finds the recipient in the value of HeaderField. An error means that
	// there is none. Nil: the value is the address.
	Header func(value string) (recipient string, err error)

	// MaxSize is how much of a mail is read, in octets: what comes behind is
	// passed over, and Report.Truncated set. What a bounce says comes before the
	// message that it returns. 0 is DefaultMaxSize.
	MaxSize int64
	// MaxDepth is how deep multiparts may be nested; what is deeper is passed over,
	// and Report.Truncated set. 0 is DefaultMaxDepth.
	MaxDepth int
}

// Validate returns an error that names the field at fault.
func (c Config) Validate() error {
	switch {
	case c.MaxSize < 0:
		return fmt.Errorf("bounce: Config.MaxSize: %d is negative", c.MaxSize)
	case c.MaxDepth < 0:
		return fmt.Errorf("bounce: Config.MaxDepth: %d is negative", c.MaxDepth)
	case c.Header != nil && c.HeaderField == "":
		return errors.New("bounce: Config.Header is set and HeaderField is not")
	case strings.ContainsAny(c.HeaderField, ": \t\r\n"):
		return fmt.Errorf("bounce: Config.HeaderField: %q is no field name", c.HeaderField)
	}
	return nil
}

// A Parser reads mails. It is safe for concurrent use if the functions of its
// Config are.
type Parser struct {
	config Config
}

// New returns a Parser, or an error if the configuration is not valid.
func New(c Config) (*Parser, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return newParser(c), nil
}

func newParser(c Config) *Parser {
	if c.MaxSize == 0 {
		c.MaxSize = DefaultMaxSize
	}
	if c.MaxDepth == 0 {
		c.MaxDepth = DefaultMaxDepth
	}
	return &Parser{c}
}

// Parse reads one mail with the zero Config: see Parser.Parse.
func Parse(r io.Reader) (*Report, error) { return newParser(Config{}).Parse(r) }

// Parse reads one mail, with line ends of any sort, up to the end of r or to
// Config.MaxSize.
//
// The error is r's, or ErrNoMail. A mail that breaks the rules is no error: what
// can be read of it is in the report.
func (p *Parser) Parse(r io.Reader) (*Report, error) {
	text, truncated, err := readMail(r, p.config.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("bounce: reading a mail: %w", err)
	}
	return p.parse(text, truncated)
}

// readMail reads up to size octets of r.
func readMail(r io.Reader, size int64) (text string, truncated bool, err error) {
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(r, size+1))
	if err != nil {
		return "", false, err
	}
	text = b.String()
	if truncated = n > size; truncated {
		text = text[:size]
	}
	return text, truncated, nil
}

func (p *Parser) parse(text string, truncated bool) (*Report, error) {
	m := takeApart(normalizeLines(text), p.config.MaxDepth)
	if len(m.header) == 0 {
		return nil, ErrNoMail
	}
	report := newReading(m).report()
	report.Truncated = truncated || m.truncated
	p.identify(report, m)
	report.detach()
	return report, nil
}
