package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is the most of a line that is kept, in octets.
const maxLine = 64 << 10

// A line is one line of a file, without its end.
type line struct {
	number  int // from 1
	offset  int64
	text    string // the first 64 KiB if tooLong
	tooLong bool
}

// A lineReader reads lines that end in LF or CRLF, and takes them back.
type lineReader struct {
	r      *bufio.Reader
	source io.Reader
	seeker io.Seeker // source's; nil if it is a pipe
	start  int64     // where source began
	number int       // of the line read last
	offset int64     // of the next, from start
	back   []line    // to be read again
	err    error
	within bool // the last line was too long, and its rest is still to be read
	heldCR bool // of that line, a CR that is perhaps part of its end
}

func newLineReader(r io.Reader) lineReader {
	l := lineReader{r: bufio.NewReaderSize(r, maxLine), source: r}
	if s, ok := r.(io.Seeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil {
			l.seeker, l.start = s, start
		}
	}
	return l
}

// skipMark skips a byte order mark.
func (r *lineReader) skipMark() {
	if start, err := r.r.Peek(3); err == nil && string(start) == "\uFEFF" {
		n, _ := r.r.Discard(3) // cannot fail: they are in the buffer
		r.offset += int64(n)
	}
}

func (r *lineReader) next() (line, error) {
	if len(r.back) > 0 {
		l := r.back[0]
		r.back = r.back[1:]
		return l, nil
	}
	r.rest(func([]byte) {})
	if r.err != nil {
		return line{}, r.err
	}
	text, err := r.r.ReadSlice('\n')
	l := line{number: r.number + 1, offset: r.offset}
	r.offset += int64(len(text))
	if errors.Is(err, bufio.ErrBufferFull) {
		r.number++
		l.tooLong, r.within = true, true
		text, r.heldCR = bytes.CutSuffix(text, []byte("\r"))
		l.text = string(text)
		return l, nil
	}
	l.text = string(cutLineEnd(text))
	if err != nil {
		r.err = err
		if !errors.Is(err, io.EOF) || len(text) == 0 {
			// Half a line before an error of the disk is no row.
			return line{}, err
		}
	}
	r.number++
	return l, nil
}

func cutLineEnd(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

// rest passes on what next has left of a line that is too long.
func (r *lineReader) rest(pass func([]byte)) {
	for r.within {
		text, err := r.r.ReadSlice('\n')
		r.offset += int64(len(text))
		if r.within = errors.Is(err, bufio.ErrBufferFull); !r.within {
			r.err = err
		}
		if r.heldCR && string(text) != "\n" && len(text) > 0 {
			pass([]byte("\r"))
		}
		if r.heldCR = false; r.within {
			text, r.heldCR = bytes.CutSuffix(text, []byte("\r"))
		} else {
			text = cutLineEnd(text)
		}
		pass(text)
	}
}

// unread has the lines come again, before what comes next.
func (r *lineReader) unread(lines []line) {
	r.back = append(append([]line(nil), lines...), r.back...)
}

// canRewind reports whether rewind works.
func (r *lineReader) canRewind() bool { return r.seeker != nil }

// rewind has everything come again from l on, or the error why it cannot.
func (r *lineReader) rewind(l line) {
	_, r.err = r.seeker.Seek(r.start+l.offset, io.SeekStart)
	r.r.Reset(r.source)
	r.back, r.within, r.heldCR = nil, false, false
	r.number, r.offset = l.number-1, l.offset
}
