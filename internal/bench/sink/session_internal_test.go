package sink

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
)

// play feeds a session, step octets at a time, and returns the replies' codes.
func play(input string, step int, check Check) (codes string, counts Counts) {
	s := &session{check: check, counts: &counts, seen: &numbers{}, recipient: -1}
	from := 0
	for to := 0; to < len(input); {
		to = min(to+step, len(input))
		from += s.feed([]byte(input[from:to]))
	}
	for line := range strings.Lines(string(s.out)) {
		if line[3] != '-' {
			codes += line[:3] + " "
		}
	}
	return strings.TrimSpace(codes), counts
}

func byDATA(recipient, mail int) string {
	return fmt.Sprintf("MAIL FROM:<a@b.example>\r\nRCPT TO:<%s>\r\nDATA\r\n%s", content.Recipient(recipient), content.AppendStuffed(nil, mail))
}

func byBDAT(recipient, mail int) string {
	return fmt.Sprintf("MAIL FROM:<a@b.example>\r\nRCPT TO:<%s>\r\nBDAT %d LAST\r\n%s", content.Recipient(recipient), content.Size, content.Append(nil, mail))
}

// TestSession plays dialogues in pieces of all sizes.
func TestSession(t *testing.T) {
	half := content.Size / 2
	inChunks := strings.Replace(byBDAT(3, 3), fmt.Sprintf("BDAT %d LAST\r\n", content.Size), "BDAT 0\r\n", 1)
	body := string(content.Append(nil, 3))
	inChunks = strings.Replace(inChunks, body, fmt.Sprintf("bdat %d\r\n%sBDAT %d LAST\r\n%sBDAT 0 LAST\r\n", half, body[:half], content.Size-half, body[half:]), 1)
	for _, test := range []struct {
		name, input, codes string
		messages, refused  int64
	}{
		{"DATA", "EHLO me\r\n" + byDATA(1, 1) + byDATA(2, 2) + "QUIT\r\n", "250 250 250 354 250 250 250 354 250 221", 2, 0},
		{"BDAT", "HELO me\r\n" + byBDAT(1, 1) + "rset\r\n" + byBDAT(2, 2) + "NOOP\r\n", "250 250 250 250 250 250 250 250 250", 2, 0},
		{"chunks", inChunks, "250 250 250 250 250 503", 1, 1},
		{"out of order", "RCPT TO:<x>\r\nDATA\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nBDAT x\r\nBDAT 3 LAST\r\nabcWHAT\r\nX\r\n", "503 503 250 503 501 503 500 500", 0, 7},
	} {
		for _, step := range []int{1, 2, 3, 5, 64, 1 << 20} {
			codes, counts := play(test.input, step, CheckExact)
			if codes != test.codes || counts.Messages != test.messages || counts.Refused != test.refused || counts.Misplaced != 0 || counts.Duplicates != 0 {
				t.Errorf("%s in pieces of %d: replies %s, want %s; %+v", test.name, step, codes, test.codes, counts)
			}
		}
	}
}

// TestJudge: what must not happen to a mail is noticed.
func TestJudge(t *testing.T) {
	two := strings.Replace(byDATA(1, 1), "DATA\r\n", "RCPT TO:<user00000002@readers.example>\r\nDATA\r\n", 1)
	for _, test := range []struct {
		name, input           string
		check                 Check
		misplaced, duplicates int64
	}{
		{"good", byDATA(1, 1) + byBDAT(2, 2), CheckNumbers, 0, 0},
		{"another's envelope", byDATA(1, 2) + byDATA(2, 1), CheckNumbers, 2, 0},
		{"another's envelope, unseen", byDATA(1, 2), CheckRecipients, 0, 0},
		{"twice", byDATA(1, 1) + byBDAT(1, 1), CheckRecipients, 0, 1},
		{"two recipients", two, CheckRecipients, 1, 0},
		{"no content", "MAIL FROM:<>\r\nRCPT TO:<user00000001@x>\r\nDATA\r\n.\r\n", CheckExact, 1, 0},
		{"no number", "MAIL FROM:<>\r\nRCPT TO:<x@y>\r\nDATA\r\n.\r\n", CheckRecipients, 1, 0},
		{"not unstuffed", strings.Replace(byBDAT(1, 1), "\r\n.", "\r\n..", 1), CheckExact, 1, 0},
		{"not looked at", byDATA(1, 1) + byDATA(1, 1), CheckNothing, 0, 0},
	} {
		_, counts := play(test.input, 1<<20, test.check)
		if counts.Misplaced != test.misplaced || counts.Duplicates != test.duplicates || (counts.Fault == "") != (test.misplaced == 0) {
			t.Errorf("%s: %+v", test.name, counts)
		}
	}
}
