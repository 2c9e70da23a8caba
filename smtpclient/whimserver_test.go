package smtpclient_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A whim is a server that does what a script of octets says. Where the script
// has ended, or says nothing else, it is an ordinary server; elsewhere it
// refuses, delays, closes, says what it does not do or does what it does not
// say. It knows what it has truly taken, and whether it has lied.
type whim struct {
	conn   net.Conn
	script []byte
	offers []string
	stream bool // the client may send messages ahead of the replies

	in    []byte
	open  bool // MAIL was performed
	spent bool // BDAT was refused: only RSET helps
	from  string
	to    []string
	taken []takenMail

	// liar: a reply was not that of what was done, there was one too many or too
	// few, or it was none.
	liar bool
}

// A takenMail is a message that a whim has taken responsibility for.
type takenMail struct {
	from string
	to   []string
	data string
}

// draw takes the next octet of the script; 0 behind its end.
func (w *whim) draw() (b byte) {
	if len(w.script) > 0 {
		b, w.script = w.script[0], w.script[1:]
	}
	return b
}

// serve runs the session until somebody closes it.
func (w *whim) serve() {
	defer w.conn.Close()
	if !w.answer("greeting", "220 mx.test", nil) {
		return
	}
	for {
		line, ok := w.line()
		if !ok || !w.command(line) {
			return
		}
	}
}

// fill reads more.
func (w *whim) fill() bool {
	buf := make([]byte, 4096)
	n, err := w.conn.Read(buf)
	w.in = append(w.in, buf[:n]...)
	return err == nil
}

func (w *whim) line() (string, bool) {
	for {
		if line, rest, ok := bytes.Cut(w.in, []byte("\r\n")); ok {
			w.in = rest
			return string(line), true
		}
		if !w.fill() {
			return "", false
		}
	}
}

// command does what the client says, or what the script has it do instead.
func (w *whim) command(line string) (goOn bool) {
	verb, args, _ := strings.Cut(line, " ")
	switch verb {
	case "EHLO":
		return w.answer(verb, "250-mx.test\r\n250-"+strings.Join(w.offers, "\r\n250-")+"\r\n250 X", nil)
	case "RSET":
		return w.answer(verb, "250 2.0.0 reset", w.reset)
	case "MAIL":
		if w.open || w.spent {
			return w.answer(verb, "503 5.5.1 nested MAIL", nil)
		}
		path, _, _ := between(args, "FROM:<")
		return w.answer(verb, "250 2.1.0 ok", func() { w.open, w.from = true, path })
	case "RCPT":
		if !w.open || w.spent {
			return w.answer(verb, "503 5.5.1 need MAIL", nil)
		}
		path, _, _ := between(args, "TO:<")
		return w.answer(verb, "250 2.1.5 ok", func() { w.to = append(w.to, path) })
	case "DATA":
		return w.data()
	case "BDAT":
		return w.bdat(args)
	case "QUIT":
		return w.answer(verb, "221 2.0.0 bye", nil) && false
	case "HELO":
		return w.answer(verb, "250 mx.test", nil)
	}
	return w.answer(verb, "500 5.5.2 what", nil)
}

func (w *whim) reset() { w.open, w.spent, w.from, w.to = false, false, "", nil }

func (w *whim) take(content []byte) {
	w.taken = append(w.taken, takenMail{w.from, w.to, string(content)})
	w.reset()
}

// data leaves the transaction open where it is refused, as Postfix does.
func (w *whim) data() bool {
	if !w.open || w.spent || len(w.to) == 0 {
		return w.answer("DATA", "554 5.5.1 no valid recipients", nil)
	}
	begun := false
	if !w.answer("DATA", "354 go ahead", func() { begun = true }) {
		return false
	}
	return !begun || w.content()
}

// content reads mail data. The script may cut it short.
func (w *whim) content() bool {
	early := w.draw()
	for early&0x18 == 0x18 && len(w.in) == 0 {
		if !w.fill() {
			return false
		}
	}
	silent := false
	switch early {
	case 0x18, 0x19:
		w.say("552 5.3.4 too large\r\n")
		if silent = true; early == 0x19 {
			return false
		}
	case 0x1a:
		w.liar, silent = true, true
		w.say("250 2.0.0 before it has ended\r\n")
		w.pause(time.Second)
	case 0x1b:
		return false
	case 0x1c:
		return w.stall()
	}
	end := []byte("\r\n.\r\n")
	for seen := 0; !bytes.Contains(w.in[seen:], end); {
		seen = max(0, len(w.in)-len(end))
		if !w.fill() {
			return false
		}
	}
	stuffed, rest, _ := bytes.Cut(w.in, end)
	w.in = rest
	content := bytes.ReplaceAll(append(stuffed, "\r\n"...), []byte("\r\n."), []byte("\r\n"))
	if silent {
		w.reset()
		return true
	}
	goOn := w.answer("end", "250 2.0.0 queued", func() { w.take(content) })
	w.reset()
	return goOn
}

// bdat reads a chunk, unless it does as Exim with one that is too large: that
// is not read, and then taken for commands.
func (w *whim) bdat(args string) bool {
	octets, err := strconv.Atoi(strings.TrimSuffix(args, " LAST"))
	if err != nil {
		return w.answer("BDAT", "501 5.5.4 syntax", nil)
	}
	switch w.draw() {
	case 0x18:
		w.spent = true
		w.say("552 5.3.4 too large\r\n")
		return true
	case 0x19:
		w.liar = true
		w.say("250 2.0.0 before it has come\r\n")
		w.pause(time.Second)
		w.spent = true
	}
	for len(w.in) < octets {
		if !w.fill() {
			return false
		}
	}
	chunk := bytes.Clone(w.in[:octets])
	w.in = w.in[octets:]
	switch {
	case w.liar && w.spent:
		return true
	case !w.open || w.spent || len(w.to) == 0:
		return w.answer("BDAT", "503 5.5.1 no transaction", nil)
	}
	w.spent = true
	return w.answer("BDAT", "250 2.0.0 queued", func() { w.take(chunk) })
}

// refusals are what a server may answer to anything.
var refusals = [8]string{
	"450 4.3.0 not now", "550 5.7.1 never", "421 4.7.0 tired", "452 4.5.3 too many", "552 5.3.4 too much", "503 5.5.1 sequence",
	"554 5.0.0 no", "500 5.5.2 what",
}

// answer does a command, if there is anything to do, and says so; or whatever
// else the script has it do. It reports whether to go on.
func (w *whim) answer(verb, usual string, do func()) bool {
	if do == nil {
		do = func() {}
	}
	op := w.draw()
	arg := op >> 5
	switch op & 0x1f {
	case 1: // a refusal
		w.liar = w.liar || verb == "RSET" && w.stream // whose next message is on its way
		return w.say(refusals[arg] + "\r\n")
	case 2:
		return w.say("421 4.3.2 closing\r\n") && false
	case 3:
		return false
	case 4:
		do()
		return w.say(usual+"\r\n") && false
	case 5:
		do()
		return false
	case 6: // up to twice the timeouts
		<-time.After(time.Duration(arg) * 3 * time.Second) // fake time
	case 7:
		return w.stall()
	case 8:
		do()
		return w.stall()
	case 9: // in pieces
		do()
		at := min(int(arg)+1, len(usual))
		return w.say(usual[:at]) && w.pause(time.Millisecond) && w.say(usual[at:]+"\r\n")
	case 10: // of several lines
		if code := usual[:3]; !strings.HasPrefix(usual[3:], "-") {
			usual = code + "-one\r\n" + code + "-\r\n" + usual
		}
	case 11:
		do()
		return w.say(usual + "\n")
	case 12: // and the session ends while it is idle
		do()
		return w.say(usual+"\r\n") && w.pause(time.Duration(arg)*time.Second) && w.say("421 4.4.2 idle\r\n") && false
	case 13, 14, 15, 16, 17, 18, 19:
		return w.lie(op&0x1f, arg, usual, do)
	}
	do()
	return w.say(usual + "\r\n")
}

// lie does one thing and says another.
func (w *whim) lie(how, arg byte, usual string, do func()) bool {
	w.liar = true
	switch how {
	case 13:
		n := min(len(w.script), 4*int(arg+1))
		raw := w.script[:n]
		w.script = w.script[n:]
		return w.say(string(raw))
	case 14:
		do()
		return w.say(refusals[arg] + "\r\n")
	case 15:
		return w.say(usual + "\r\n")
	case 16:
		do()
		return w.say(usual + "\r\n" + usual + "\r\n")
	case 17:
		do()
		return true
	case 18:
		do()
		return w.say(usual+"\r\n") && w.pause(time.Duration(arg)*time.Second) && w.say(refusals[arg]+"\r\n")
	default:
		return w.say([...]string{"200", "220", "221", "235", "251", "299", "334", "354"}[arg] + " what\r\n")
	}
}

func (w *whim) say(s string) bool {
	_, err := io.WriteString(w.conn, s)
	return err == nil
}

func (w *whim) pause(d time.Duration) bool {
	<-time.After(d) // fake time
	return true
}

// stall reads on and says nothing any more.
func (w *whim) stall() bool {
	for w.fill() {
	}
	return false
}

// copies is how many copies of a mail to a recipient were taken.
func (w *whim) copies(from, to, content string) (n int) {
	for _, m := range w.taken {
		for _, rcpt := range m.to {
			if m.from == from && rcpt == to && m.data == content {
				n++
			}
		}
	}
	return n
}

// deliveries is how many recipients have got something.
func (w *whim) deliveries() (n int) {
	for _, m := range w.taken {
		n += len(m.to)
	}
	return n
}

func (w *whim) String() string {
	return fmt.Sprintf("took %q, liar %v", w.taken, w.liar)
}
