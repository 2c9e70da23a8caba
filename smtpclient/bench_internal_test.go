package smtpclient

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// letter is content of 2.5 KB in lines as mail has them.
var letter = []byte("Subject: bench\r\n\r\n" + strings.Repeat("A line of some seventy octets, as a letter to many readers has them.\r\n", 36))

// With "remembered" most lines are as long as in the content before.
func BenchmarkCheckContent(b *testing.B) {
	other := bytes.Replace(letter, []byte("Subject: bench\r\n"), []byte("Subject: another bench\r\n"), 1)
	for name, memory := range map[string]*lineMemory{"searched": nil, "remembered": {}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(letter)))
			b.ReportAllocs()
			contents := [2][]byte{letter, other}
			for i := 0; b.Loop(); i++ {
				if _, err := checkContent(contents[i%2], NormalizeBareNewlines, memory); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Half of the lines begin with a dot in "dots", none in "plain".
func BenchmarkDotStuffing(b *testing.B) {
	for name, data := range map[string][]byte{
		"plain": letter,
		"dots":  bytes.ReplaceAll(letter, []byte("them.\r\nA line"), []byte("them.\r\n.line")),
	} {
		b.Run(name, func(b *testing.B) {
			c, err := checkContent(data, RefuseBareNewlines, nil)
			if err != nil {
				b.Fatal(err)
			}
			var out []byte
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				s := newStuffer(&c)
				out, _ = s.append(out[:0], blockSize)
			}
		})
	}
}

func BenchmarkParsePath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parsePath("some.reader+tag@mail.example.org"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseReplies parses the replies to one message in ModeOverlap. With
// "queue ids" the one to the end of data differs each time, as with Postfix.
func BenchmarkParseReplies(b *testing.B) {
	replies := []byte("250 2.0.0 Ok: queued as AAAAAAAA\r\n250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n")
	id := replies[bytes.Index(replies, []byte("AAAAAAAA")):]
	for _, name := range []string{"same", "queue ids"} {
		b.Run(name, func(b *testing.B) {
			p := newReplyParser()
			in := bytes.NewReader(nil)
			n := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				if n++; name != "same" {
					binary.LittleEndian.PutUint64(id, 0x4141414141414141+n%16+n/16%16<<8+n/256%16<<16)
				}
				in.Reset(replies)
				if _, err := p.fill(in); err != nil {
					b.Fatal(err)
				}
				for range 5 {
					if _, ok, err := p.parse(); !ok {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
