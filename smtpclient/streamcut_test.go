package smtpclient_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bulksmtp/bulksmtp/smtpclient"
)

// TestStreamCut loses the connection behind every reply to a window, of every
// server that knows SMTP, but for one reply too many at most. No verdict may be
// wrong, whichever of those that said just this the server is; unless the reply
// too many was the last thing heard.
func TestStreamCut(t *testing.T) {
	for _, recipients := range [][]int{{1, 1}, {2, 1}, {3, 1}, {1, 1, 1}, {1, 2, 1}} {
		t.Run(fmt.Sprint(recipients), func(t *testing.T) {
			w := newCutWindow(recipients)
			w.answer(nil, 0, false, nil)
			t.Log(len(w.heard), "things to hear")
			for heard, servers := range w.heard {
				synctest.Test(t, func(t *testing.T) { w.cut(t, heard, servers) })
			}
		})
	}
}

// A cutWindow is messages in one window, and all that can be heard of it.
type cutWindow struct {
	mails    []string // as in a transcript
	commands []string // with the message and recipient that they are about
	heard    map[string]*cutServers
	has      []string // recipients that the server at hand has the message for
}

// cutServers are the servers that may have said something. For a recipient, how many
// they are, and how many of them have the message.
type cutServers struct {
	all int
	has map[string]int
}

func newCutWindow(recipients []int) *cutWindow {
	w := &cutWindow{heard: map[string]*cutServers{}}
	for m, n := range recipients {
		var to []string
		if m > 0 {
			w.commands = append(w.commands, "RSET")
		}
		w.commands = append(w.commands, fmt.Sprintf("MAIL FROM:<s%d@a.test>", m+1))
		for i := range n {
			to = append(to, fmt.Sprintf("r%d.%d@b.test", m+1, i+1))
			w.commands = append(w.commands, fmt.Sprintf("RCPT TO:<%s>", to[i]))
		}
		w.mails = append(w.mails, fmt.Sprintf("mail s%d@a.test %s", m+1, strings.Join(to, ",")))
		if m < len(recipients)-1 {
			w.commands = append(w.commands, fmt.Sprintf("BDAT 17 LAST\nSubject: mail %d", m+1))
		}
	}
	w.commands = append(w.commands, "DATA")
	return w
}

// answer goes through the replies that servers can give to the commands from i on.
func (w *cutWindow) answer(said []string, i int, mailOK bool, took []string) {
	if i == len(w.commands) {
		w.hear(said)
		return
	}
	then := func(reply string, mailOK bool, took []string) {
		w.answer(append(slices.Clip(said), reply), i+1, mailOK, took)
	}
	verb, arg, _ := strings.Cut(w.commands[i], " ")
	switch verb {
	case "RSET":
		then("250 2.0.0 reset", false, nil)
	case "MAIL":
		then("250 2.1.0 ok", true, nil)
		then("450 4.1.8 no", false, nil)
	case "RCPT":
		if !mailOK {
			then("503 5.5.1 MAIL first", false, nil)
			return
		}
		then("250 2.1.5 ok", true, append(slices.Clip(took), arg[len("TO:<"):len(arg)-len(">")]))
		then("450 4.2.1 no", true, took)
	case "BDAT":
		if len(took) == 0 {
			then("503 5.5.1 RCPT first", false, nil)
			return
		}
		had := w.has
		w.has = append(slices.Clip(had), took...)
		then("250 2.0.0 queued", false, nil)
		w.has = had
		then("450 4.6.0 no", false, nil)
	case "DATA":
		if len(took) == 0 {
			then("503 5.5.1 RCPT first", false, nil)
		} else {
			then("354 go on", false, nil)
		}
	}
}

// hear enters what can be heard of a server before the connection is lost: some of
// its replies, with one too many among them, and another one behind that, or not.
func (w *cutWindow) hear(said []string) {
	for end := range said {
		w.enter(said[:end])
	}
	for at := range said {
		for _, stray := range []string{"250 2.0.0 reset", "250 2.1.5 ok", "450 4.2.1 no", "503 5.5.1 MAIL first"} {
			strayed := slices.Insert(slices.Clone(said), at, stray)
			for end := at + 2; end <= len(said); end++ {
				w.enter(strayed[:end])
			}
		}
	}
}

func (w *cutWindow) enter(heard []string) {
	key := strings.Join(heard, "\nS ")
	servers := w.heard[key]
	if servers == nil {
		servers = &cutServers{has: map[string]int{}}
		w.heard[key] = servers
	}
	servers.all++
	for _, who := range w.has {
		servers.has[who]++
	}
}

// cut has a session hear something, and holds what it makes of it against the servers
// that may have said it.
func (w *cutWindow) cut(t *testing.T, heard string, servers *cutServers) {
	script := "hello PIPELINING|CHUNKING\nC " + strings.ReplaceAll(strings.Join(w.commands, "\n"), "\n", "\nC ") + "\n"
	if heard != "" {
		script += "S " + heard + "\n"
	}
	tr, err := parseTranscript("mode stream\n" + strings.Join(w.mails, "\n") + "\n---\n" + script + "close\n---\nsession\n")
	if err != nil {
		t.Fatal(err)
	}
	outcomes, _, err := tr.play(t, writeWhole)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range outcomes {
		f := strings.Fields(line)
		who, outcome := f[1], f[2]
		has := servers.has[who]
		switch {
		case outcome == smtpclient.Accepted.String() && has < servers.all:
			t.Errorf("%s is accepted and may be lost\nS %s", who, heard)
		case outcome != smtpclient.Accepted.String() && outcome != smtpclient.Unknown.String() && has > 0:
			t.Errorf("%s is %s and may have been accepted\nS %s", who, outcome, heard)
		}
	}
}
