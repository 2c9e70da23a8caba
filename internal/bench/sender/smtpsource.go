package sender

import (
	"os/exec"
	"strconv"

	"github.com/bulksmtp/bulksmtp/internal/bench/content"
	"github.com/bulksmtp/bulksmtp/internal/bench/sink"
)

// smtpSource is Postfix's test program, in C. Its mails are all the same.
func smtpSource() *Sender {
	path, err := exec.LookPath("smtp-source")
	return &Sender{
		Name: "Postfix smtp-source", Note: "in C, one mail; a command at a time", Check: sink.CheckNothing, Missing: err,
		Command: func(addr string, sessions, n int) []string {
			return []string{path, "-d", "-s", strconv.Itoa(sessions), "-m", strconv.Itoa(n), "-l", strconv.Itoa(content.Size),
				"-f", content.From, "-t", content.Recipient(0), addr}
		},
	}
}
