package smtpclient_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net"
	"strings"
)

// A scramServer is a server that offers SCRAM-SHA-256 in the clear and knows the
// password. Its hooks let it say something else.
type scramServer struct {
	password string
	// first makes the server's first message of the client's nonce.
	first func(nonce string) string
	// final makes the server's final message of the right one.
	final func(right string) string
	// early says after how many of the client's messages it says 235, whatever
	// was said; 0 is when it should.
	early int
	// refusal makes the reply to the client's proof, of its own first message and
	// of that.
	refusal func(first, proof string) string
}

func (s *scramServer) serve(conn net.Conn) {
	defer conn.Close()
	d := scramDialogue{conn: conn, in: bufio.NewReader(conn)}
	d.say("220 mx")
	d.hear()
	d.say("250-mx\r\n250 AUTH SCRAM-SHA-256")
	d.say(s.exchange(&d))
	d.hear() // QUIT, or the end
}

// exchange returns the reply at its end.
func (s *scramServer) exchange(d *scramDialogue) string {
	const welcome = "235 2.7.0 welcome"
	clientFirst := d.hear()
	if s.early == 1 {
		return welcome
	}
	_, nonce, _ := strings.Cut(clientFirst, ",r=")
	first := "r=" + nonce + "server,s=" + scramSalt + ",i=4096"
	if s.first != nil {
		first = s.first(nonce)
	}
	proof := d.ask(first)
	if !strings.Contains(proof, ",p=") {
		return "501 5.7.0 cancelled"
	}
	if s.early == 2 {
		return welcome
	}
	if s.refusal != nil {
		return s.refusal(first, proof)
	}
	final := "v=" + base64.StdEncoding.EncodeToString(scramSignature(s.password, clientFirst, first, proof))
	if s.final != nil {
		final = s.final(final)
	}
	d.ask(final)
	return welcome
}

// A scramDialogue is the server's end of a connection.
type scramDialogue struct {
	conn net.Conn
	in   *bufio.Reader
}

func (d *scramDialogue) say(reply string) { io.WriteString(d.conn, reply+"\r\n") }

// hear returns the last word of a line, decoded.
func (d *scramDialogue) hear() string {
	line, err := d.in.ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) == 0 {
		return ""
	}
	plain, _ := base64.StdEncoding.DecodeString(words[len(words)-1])
	return string(plain)
}

func (d *scramDialogue) ask(challenge string) string {
	d.say("334 " + base64.StdEncoding.EncodeToString([]byte(challenge)))
	return d.hear()
}

const scramSalt = "c2FsdHNhbHQ=" // "saltsalt"

// scramSignature is ServerSignature of RFC 5802 3, made without the library.
func scramSignature(password, clientFirst, serverFirst, clientFinal string) []byte {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		io.WriteString(h, text)
		return h.Sum(nil)
	}
	fields := strings.Split(serverFirst, ",")
	if len(fields) < 3 {
		return nil
	}
	salt, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(fields[1], "s="))
	salted, err := pbkdf2.Key(sha256.New, password, salt, 4096, sha256.Size)
	if err != nil {
		return nil
	}
	without, _, _ := strings.Cut(clientFinal, ",p=")
	_, bare, _ := strings.Cut(clientFirst, ",,")
	return mac(mac(salted, "Server Key"), bare+","+serverFirst+","+without)
}
