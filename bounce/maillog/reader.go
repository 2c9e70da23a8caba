package maillog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

// Config says how a Reader reads. The zero Config is right for most logs.
type Config struct {
	// MaxHeld is about how many octets of messages that are not over may be
	// held. Beyond it the message that was not heard of for longest is taken to
	// be over: its rows come out as they stand. Zero is 64 MiB, room for some
	// 60,000 messages of one recipient, or 90,000 recipients of larger ones.
	MaxHeld int
	// MaxLine is the most octets of a line that are looked at; what is longer
	// is cut. Zero is 16 KiB; the least is 512.
	MaxLine int
	// Newest is when the log was written at the latest. It decides the year of
	// stamps without one: the latest that is not more than a day after it. Zero
	// is the present.
	Newest time.Time
	// Location is the time zone of stamps without one; nil is time.Local.
	Location *time.Location
}

// Stats counts what a Reader has read.
type Stats struct {
	Lines   int // lines, those of other programs included
	Damaged int // lines that are no log lines, or are cut off before what they say
	Evicted int // messages that were taken to be over because of Config.MaxHeld
}

// A Reader reads one log, or the parts of a rotated one put together. It is not
// safe for concurrent use.
type Reader struct {
	config Config
	in     *bufio.Reader
	queue  *queue
	ready  []*Fate // rows that were not asked for yet
	err    error   // the end of the log
	stats  Stats
}

// NewReader returns a Reader of r. The error names the field of Config that is
// wrong.
func NewReader(r io.Reader, c Config) (*Reader, error) {
	if c.MaxHeld == 0 {
		c.MaxHeld = 64 << 20
	}
	if c.MaxLine == 0 {
		c.MaxLine = 16 << 10
	}
	if c.MaxHeld < 0 {
		return nil, fmt.Errorf("maillog: Config.MaxHeld: %d is negative", c.MaxHeld)
	}
	if c.MaxLine < 512 {
		return nil, fmt.Errorf("maillog: Config.MaxLine: %d is below 512", c.MaxLine)
	}
	if c.Newest.IsZero() {
		c.Newest = time.Now()
	}
	if c.Location == nil {
		c.Location = time.Local
	}
	return &Reader{config: c, in: bufio.NewReaderSize(r, c.MaxLine), queue: newQueue()}, nil
}

// Fates reads a log with default limits: see Reader.Fates.
func Fates(r io.Reader) iter.Seq2[Fate, error] {
	reader, err := NewReader(r, Config{})
	if err != nil {
		panic(err) // the zero Config is valid
	}
	return reader.Fates()
}

// Parts puts the files of a rotated log together, the oldest first. Unlike
// io.MultiReader it ends the last line of each, which a full disk or a crash may
// have left without an end.
func Parts(files ...io.Reader) io.Reader {
	parts := make([]io.Reader, 0, 2*len(files))
	for _, f := range files {
		parts = append(parts, f, strings.NewReader("\n"))
	}
	return io.MultiReader(parts...)
}

// Stats returns the counts so far.
func (r *Reader) Stats() Stats { return r.stats }

// Fates reads the log to its end. It yields a row for each recipient when the
// message has left the queue, and at the end for the messages that have not.
//
// Lines that cannot be read are no error: Stats counts them. The error is the
// underlying reader's; it comes last, behind the rows of what was read before.
// Where the loop is left early, the next one goes on with the row that follows.
func (r *Reader) Fates() iter.Seq2[Fate, error] {
	return func(yield func(Fate, error) bool) {
		for {
			f, err := r.next()
			if errors.Is(err, io.EOF) || !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// next returns the next row, or io.EOF, or the underlying reader's error.
func (r *Reader) next() (Fate, error) {
	for len(r.ready) == 0 {
		if r.err == nil {
			r.readLine()
			continue
		}
		m := r.queue.oldest()
		if m == nil {
			return Fate{}, r.err
		}
		r.conclude(m)
	}
	f := *r.ready[0]
	r.ready[0] = nil // for the collector
	r.ready = r.ready[1:]
	return f, nil
}

// conclude makes rows of a message of which no more is expected.
func (r *Reader) conclude(m *message) {
	r.queue.forget(m)
	r.ready = append(r.ready, m.conclude()...)
}

// readLine reads a line, of which it looks at no more than MaxLine octets. The
// last one may have no end.
func (r *Reader) readLine() {
	b, err := r.in.ReadSlice('\n')
	// A crash leaves runs of NUL in a log.
	line := strings.Trim(string(b), "\x00\r\n")
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("maillog: %w", err)
	}
	r.err = err
	if line != "" {
		r.stats.Lines++
		r.take(line)
	}
}

// take does what a line says.
func (r *Reader) take(line string) {
	h, body, ok := cutHead(line)
	if !ok {
		r.stats.Damaged++
		return
	}
	if h.daemon == "" {
		return
	}
	e := readEvent(body)
	switch e.kind {
	case nothing:
		return
	case damaged:
		r.stats.Damaged++
		return
	case attempted:
		e.attempt.when = parseStamp(h.stamp, r.config.Newest, r.config.Location)
	}
	m := r.queue.message(h.host, e.id)
	if m.isOther(e) {
		r.conclude(m)
		m = r.queue.message(h.host, e.id)
	}
	if r.queue.take(m, e); e.kind == removed {
		r.conclude(m)
	}
	for r.queue.held > r.config.MaxHeld {
		r.conclude(r.queue.oldest())
		r.stats.Evicted++
	}
}
