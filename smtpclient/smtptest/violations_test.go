package smtptest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// violated gives what the counters say, in the order of their fields.
func violated(srv *smtptest.Server) [4]int64 {
	c := srv.Counters()
	return [4]int64{c.BareNewlines, c.LongLines, c.UndeclaredEightBit, c.SizeExceeded}
}

// TestViolations sends content whole, octet by octet, in two pieces and by
// BDAT: a violation is seen wherever it is cut.
func TestViolations(t *testing.T) {
	long := strings.Repeat("x", 998)
	for _, tc := range []struct {
		name, params, data string
		want               [4]int64 // bare, long, 8-bit, size
	}{
		{"clean", "", "Subject: x\r\n\r\nHi\r\n\r\n", [4]int64{}},
		{"empty", " SIZE=0", "", [4]int64{}},
		{"LF", "", "a\r\nb\nc\r\n", [4]int64{1}},
		{"LF first", "", "\na\r\n", [4]int64{1}},
		{"LFs", "", "a\n\nb\n\r\n", [4]int64{1}},
		{"CR", "", "a\rb\r\n", [4]int64{1}},
		{"CR first", "", "\ra\r\n", [4]int64{1}},
		{"CR before CRLF", "", "a\r\r\n", [4]int64{1}},
		{"CR and LF that are no pair", "", "a\n\rb\r\n", [4]int64{1}},
		{"NUL", "", "a\x00b\r\n", [4]int64{1}},
		{"998", "", long + "\r\n", [4]int64{}},
		{"998 and a dot stuffed in", "", "a\r\n." + long[1:] + "\r\n", [4]int64{}},
		{"999", "", "x" + long + "\r\n", [4]int64{0, 1}},
		{"999 later", "", "a\r\n\r\n" + long + "x\r\nb\r\n", [4]int64{0, 1}},
		{"8-bit", "", "a\r\n\r\n" + strings.Repeat("y", 50) + "ü\r\n", [4]int64{0, 0, 1}},
		{"8-bit as 7BIT", " BODY=7BIT", "ü\r\n", [4]int64{0, 0, 1}},
		{"8-bit declared", " body=8bitmime", "ü\r\n\r\nü\r\n", [4]int64{}},
		{"8-bit header", " SMTPUTF8", "Subject: ü\r\n\r\nu\r\n", [4]int64{}},
		{"8-bit body", " SMTPUTF8", "Subject: u\r\n\r\nü\r\n", [4]int64{0, 0, 1}},
		{"SIZE met", " SIZE=3", "a\r\n", [4]int64{}},
		{"SIZE exceeded", " SIZE=2", "a\r\n", [4]int64{0, 0, 0, 1}},
		{"all", " SIZE=2", "\n" + long + "ü\r\n", [4]int64{1, 1, 1, 1}},
		{"BINARYMIME", " BODY=BINARYMIME SIZE=9999", "a\n\x00ü" + long, [4]int64{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := start(t, func(s *smtptest.Server) {
				s.Extensions = append(smtptest.DefaultExtensions(), "BINARYMIME")
				s.CountOnly = true
			})
			c := open(t, srv)
			sent := int64(0)
			check := func(how string) {
				t.Helper()
				c.want("250")
				sent++
				want := tc.want
				for i := range want {
					want[i] *= sent
				}
				if got := violated(srv); got != want {
					t.Fatalf("%s: counted %v, want %v", how, got, want)
				}
			}
			envelope := func() {
				c.talk("C: MAIL FROM:<a@x.example>" + tc.params + "\nC: RCPT TO:<b@x.example>\nS: 250\nS: 250")
			}
			cuts := []int{0, 1, len(tc.data) / 2, len(tc.data) - 1}
			if len(tc.data) < 100 {
				for cut := range len(tc.data) {
					cuts = append(cuts, cut)
				}
			}
			for _, cut := range cuts {
				cut = min(max(cut, 0), len(tc.data))
				envelope()
				c.raw(fmt.Sprintf("BDAT %d\r\n%sBDAT %d LAST\r\n%s", cut, tc.data[:cut], len(tc.data)-cut, tc.data[cut:]))
				c.want("250")
				check(fmt.Sprintf("BDAT cut at %d", cut))
			}
			if strings.Contains(tc.params, "BINARYMIME") {
				return
			}
			stuffed := strings.ReplaceAll("\r\n"+tc.data, "\r\n.", "\r\n..")[2:] + ".\r\n"
			for _, pieces := range []int{1, 2, len(stuffed)} {
				envelope()
				c.talk("C: DATA\nS: 354")
				size := (len(stuffed) + pieces - 1) / pieces
				for rest := stuffed; rest != ""; rest = rest[min(size, len(rest)):] {
					c.raw(rest[:min(size, len(rest))])
				}
				check(fmt.Sprintf("DATA in %d pieces", pieces))
			}
		})
	}
}

// TestViolationsOfWhatIsNotTaken counts refused messages, too, and starts
// afresh with the next one.
func TestViolationsOfWhatIsNotTaken(t *testing.T) {
	srv := start(t, func(s *smtptest.Server) {
		s.OnMessage = func(*smtptest.Session, *smtptest.Message) *smtptest.Reply {
			return &smtptest.Reply{Code: 550, Text: "5.7.1 No"}
		}
	})
	srv.Script(
		smtptest.Fault{At: smtptest.PointEndOfData, Do: smtptest.AnswerAndKeep("451 4.3.0 Later"), Times: 1},
	)
	c := open(t, srv)
	c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354")
	c.raw("a\nb\r\n.\r\n")
	c.want("451")
	c.talk("C: DATA\nS: 354")
	c.raw("fine\r\n.\r\n")
	c.want("550")
	c.talk("C: MAIL FROM:<a@x.example>\nC: RCPT TO:<b@x.example>\nC: DATA\nS: 250\nS: 250\nS: 354")
	c.raw("fine, except ü\r\n.\r\n")
	c.want("550")
	if got, want := violated(srv), [4]int64{1, 0, 1}; got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
}
