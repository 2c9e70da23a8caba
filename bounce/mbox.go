package bounce

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
)

// A Mail is one mail of a mailbox: what it says, or why it cannot be read.
type Mail struct {
	// File is the file that the mail is in, as the caller's path leads to it.
	File string
	// Number is the mail's place in an mbox, from 1 on; 0 elsewhere.
	Number int
	// Report is nil exactly if Err is set.
	Report *Report
	// Err is of this mail alone; the next ones are read.
	Err error
}

// Mbox reads the mails of an mbox from r: each begins with a line of "From ", an
// address and a date, at the beginning or behind an empty line (RFC 4155). Lines
// that begin with ">From ", with more '>' or not, lose one '>' (the mboxrd form).
// Memory does not grow with the mbox, nor with a mail over Config.MaxSize.
//
// A failure of r is the last mail's Err. name is for Mail.File.
func (p *Parser) Mbox(name string, r io.Reader) iter.Seq[Mail] {
	return func(yield func(Mail) bool) {
		m := &mboxReader{r: bufio.NewReaderSize(r, 64<<10), max: p.config.MaxSize}
		if start, _ := m.r.Peek(4 << 10); bytes.IndexByte(start, '\r') >= 0 && bytes.IndexByte(start, '\n') < 0 {
			m.r = bufio.NewReaderSize(crReader{m.r}, 64<<10) // an error of Peek comes again
		}
		for number := 1; ; number++ {
			text, truncated, err := m.next()
			if errors.Is(err, io.EOF) {
				return
			}
			mail := Mail{File: name, Number: number}
			if err != nil {
				mail.Err = fmt.Errorf("bounce: reading an mbox: %w", err)
				yield(mail)
				return
			}
			mail.Report, mail.Err = p.parse(text, truncated)
			if !yield(mail) {
				return
			}
		}
	}
}

// A crReader makes LF of each CR, for files of the old Mac OS.
type crReader struct{ r io.Reader }

func (c crReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	for i, o := range b[:n] {
		if o == '\r' {
			b[i] = '\n'
		}
	}
	return n, err
}

// A mboxReader takes an mbox apart.
type mboxReader struct {
	r       *bufio.Reader
	max     int64
	started bool // the From_ line of the next mail has been read
	buf     bytes.Buffer
}

// next returns the next mail, io.EOF if there is none.
func (m *mboxReader) next() (text string, truncated bool, err error) {
	m.buf.Reset()
	blank, newLine := !m.started, true
	some := m.started
	for {
		chunk, err := m.r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return "", false, err
		}
		if newLine && blank && isMboxLine(chunk) {
			if some {
				m.started = true
				return m.buf.String(), truncated, nil
			}
			blank, some = false, true
			m.started = true
			continue
		}
		if len(chunk) > 0 {
			line := bytes.TrimRight(chunk, "\r\n")
			some = some || len(line) > 0
			if newLine {
				chunk = unquoteFrom(chunk)
			}
			blank = newLine && len(line) == 0
			if int64(m.buf.Len()+len(chunk)) > m.max {
				truncated = true
			} else if !truncated {
				m.buf.Write(chunk)
			}
		}
		newLine = len(chunk) > 0 && chunk[len(chunk)-1] == '\n'
		if errors.Is(err, io.EOF) {
			m.started = false
			if !some {
				return "", false, io.EOF
			}
			return m.buf.String(), truncated, nil
		}
	}
}

// fromLine is a From_ line (RFC 4155, and what is found): a word for the sender,
// and a date as of asctime, with or without a time zone or a remark.
var fromLine = regexp.MustCompile(`^From +\S.*(Mon|Tue|Wed|Thu|Fri|Sat|Sun)` +
	`( +[A-Z][a-z]{2} +\d{1,2} +\d{1,2}:\d\d(:\d\d)?` + zone + ` +\d{4}` +
	`|,? +\d{1,2} +[A-Z][a-z]{2} +\d{4},? +\d{1,2}:\d\d(:\d\d)?)` + zone + `( +remote from \S+)?\s*$`)

const zone = `( +([A-Z]{2,5}|[+-]\d{4}))?( +\([A-Z]+\))?`

func isMboxLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) && fromLine.Match(line[:min(len(line), 1000)])
}

// unquoteFrom takes one '>' off ">From ", ">>From " and so on.
func unquoteFrom(line []byte) []byte {
	if len(line) == 0 || line[0] != '>' {
		return line
	}
	if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
		return line[1:]
	}
	return line
}
