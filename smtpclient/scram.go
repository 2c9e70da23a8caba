package smtpclient

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"
)

// The mechanisms of RFC 7677. SCRAM with SHA-1 is left out: the servers that
// have it and not these are old ones, and so is SHA-1. SCRAM with SHA-512 is not
// registered, and comes with these.
const (
	SCRAMSHA256     = "SCRAM-SHA-256"
	SCRAMSHA256Plus = "SCRAM-SHA-256-PLUS"
)

// The iteration counts that a server may ask for. RFC 7677 4 has the least, which
// bounds how fast passwords can be guessed from an exchange. The most takes a
// fraction of a second, and keeps a server from having the client compute for
// ever.
const (
	minIterations = 4096
	maxIterations = 1_000_000
)

// A scramLogin is a user name and password for SCRAM. The library keeps the keys
// that it has derived from the password by salt, for good: here for keysKept
// exchanges, since a server may come with another salt each time.
type scramLogin struct {
	username, password string        // prepared
	nonce              func() string // nil: random

	mu    sync.Mutex // guards the following
	keys  *scram.Client
	begun int // exchanges since keys was made
}

const keysKept = 64

// errUnfit says no more, as a message may come into a log.
var errUnfit = errors.New("user name or password is not one that SASLprep (RFC 4013) allows")

func newSCRAMLogin(username, password string) (*scramLogin, error) {
	user, err := stringprep.SASLprep.Prepare(username)
	if err != nil || user == "" {
		return nil, errUnfit
	}
	secret, err := stringprep.SASLprep.Prepare(password)
	if err != nil || secret == "" {
		return nil, errUnfit
	}
	return &scramLogin{username: user, password: secret}, nil
}

// client makes a client for one exchange.
func (l *scramLogin) client(mechanism string, b binding) sasl.Client {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil || l.begun == keysKept {
		l.keys, _ = scram.SHA256.NewClientUnprepped(l.username, l.password, "") // which cannot fail
		if l.nonce != nil {
			l.keys.WithNonceGenerator(l.nonce)
		}
		l.begun = 0
	}
	l.begun++
	return &scramClient{mechanism: mechanism, conversation: b.begin(l.keys, mechanism)}
}

// A scramClient is the client's side of one exchange. The library computes; what
// the server says is checked here.
type scramClient struct {
	mechanism    string
	conversation *scram.ClientConversation
	nonce        string // the client's
	challenges   int
}

// Start implements sasl.Client.
func (c *scramClient) Start() (string, []byte, error) {
	first, err := c.conversation.Step("")
	if err != nil {
		return "", nil, err
	}
	_, c.nonce, _ = strings.Cut(first[strings.LastIndexByte(first, ','):], "r=")
	return c.mechanism, []byte(first), nil
}

// Next implements sasl.Client. A server that refuses may say why before its reply.
func (c *scramClient) Next(challenge []byte) ([]byte, error) {
	c.challenges++
	if reason, refused := strings.CutPrefix(string(challenge), "e="); refused {
		return nil, fmt.Errorf("server refuses: %.64q", reason)
	}
	switch c.challenges {
	case 1:
		return c.prove(string(challenge))
	case 2:
		return c.verify(string(challenge))
	}
	return nil, fmt.Errorf("%w: third challenge", ErrProtocol)
}

// Complete returns ErrUnproven unless the server has proven itself.
func (c *scramClient) Complete() error {
	if !c.conversation.Valid() {
		return ErrUnproven
	}
	return nil
}

// prove answers the server's first message (RFC 5802 5.1). The library's errors
// quote, and are not passed on.
func (c *scramClient) prove(first string) ([]byte, error) {
	if err := c.check(first); err != nil {
		return nil, err
	}
	response, err := c.conversation.Step(first)
	if err != nil {
		return nil, errFirst
	}
	return []byte(response), nil
}

var errFirst = fmt.Errorf("%w: malformed first message of the server", ErrProtocol)

// check looks at the server's first message: r=nonce,s=salt,i=iterations, and
// extensions that may be ignored.
func (c *scramClient) check(first string) error {
	fields := strings.Split(first, ",")
	if len(fields) < 3 || len(fields[1]) <= len("s=") {
		return errFirst
	}
	nonce, ok := strings.CutPrefix(fields[0], "r=")
	count, alsoOK := strings.CutPrefix(fields[2], "i=")
	if !ok || !alsoOK {
		return errFirst
	}
	if !strings.HasPrefix(nonce, c.nonce) || len(nonce) == len(c.nonce) {
		return fmt.Errorf("%w: nonce of the server does not extend the client's", ErrProtocol)
	}
	iterations, err := strconv.Atoi(count)
	if errors.Is(err, strconv.ErrSyntax) {
		return errFirst
	}
	if err != nil || iterations < minIterations || iterations > maxIterations {
		return fmt.Errorf("%w: not within %d to %d", ErrIterations, minIterations, maxIterations)
	}
	return nil
}

// verify takes the server's final message. The empty response goes for the 235 (RFC 4954 4).
func (c *scramClient) verify(final string) ([]byte, error) {
	if _, err := c.conversation.Step(final); err != nil {
		return nil, ErrUnproven
	}
	return []byte{}, nil
}
