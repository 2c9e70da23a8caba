package message

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"sync"
)

// A piece is some of what enmime has written, and what is to come behind it: the
// text of a body part or a file, neither of them encoded so far, or nothing.
type piece struct {
	static []byte
	body   int    // the body part; noBody for none
	file   []byte // the content of the file; nil for none
}

// layOut has enmime write the root part: header fields, boundaries and attached
// messages. The rest is left for the caller to write, once, and to where it
// belongs. encodingOf is asked for the transfer encoding of each body part; open is
// what it says where multiparts are to leave open what they declare (see enclosing).
func (m *Message) layOut(tag, open string, encodingOf func(i int, text string) string) ([]piece, error) {
	b := treeBuilder{tag: tag, allow8bit: m.EightBit, open: open}
	root := b.tree(m, encodingOf)
	// enmime takes a bufio.Writer as it is, and would make one for each part.
	var w appender
	buffered := writers.Get().(*bufio.Writer)
	defer writers.Put(buffered)
	buffered.Reset(&w)
	defer buffered.Reset(nil)
	if err := root.Encode(buffered); err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	if len(root.Content) == 0 && root.FirstChild == nil {
		// enmime ends the header of an empty part with nothing at all.
		w.out = append(w.out, crlf...)
	}
	return cutAtMarks(w.out, b.files), nil
}

var writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 4096) }}

// A mark stands for content that enmime is not to handle. It has NULs around a
// number; nothing else that enmime writes has any.
func mark(n int) []byte { return []byte("\x00" + strconv.Itoa(n) + "\x00") }

func cutAtMarks(written []byte, files [][]byte) []piece {
	var pieces []piece
	for {
		before, rest, ok := bytes.Cut(written, []byte{0})
		p := piece{static: before, body: noBody}
		if ok {
			number, after, _ := bytes.Cut(rest, []byte{0})
			written = after
			if n, _ := strconv.Atoi(string(number)); n < bodyParts {
				p.body = n
			} else {
				p.file = files[n-bodyParts]
			}
		}
		pieces = append(pieces, p)
		if !ok {
			return pieces
		}
	}
}

// An appender is an io.Writer.
type appender struct{ out []byte }

func (w *appender) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}
