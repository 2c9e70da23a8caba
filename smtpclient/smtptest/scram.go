package smtptest

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/xdg-go/scram"
	"github.com/xdg-go/stringprep"
)

const (
	scramSHA256     = "SCRAM-SHA-256"
	scramSHA256Plus = "SCRAM-SHA-256-PLUS"
)

// scramIterations is the least that RFC 7677 section 4 allows: tests are in a
// hurry.
const scramIterations = 4096

// credentials is what a server keeps of Users for SCRAM: not the passwords.
type credentials struct {
	salt string

	mu     sync.Mutex // guards the following
	stored map[string]scram.StoredCredentials
}

func newCredentials() *credentials {
	return &credentials{salt: rand.Text(), stored: make(map[string]scram.StoredCredentials)}
}

var errNobody = errors.New("no such user")

// of returns what is kept of a user, whose name the client has prepared, and is
// made at the user's first login.
func (c *credentials) of(users map[string]string, name string) (scram.StoredCredentials, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.stored[name]; ok {
		return kept, nil
	}
	user, ok := preparedUser(users, name)
	if !ok {
		return scram.StoredCredentials{}, errNobody
	}
	client, err := scram.SHA256.NewClient(user, users[user], "")
	if err != nil {
		return scram.StoredCredentials{}, err
	}
	kept, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: c.salt, Iters: scramIterations})
	if err == nil {
		c.stored[name] = kept
	}
	return kept, err
}

// preparedUser returns the user that has a name by SASLprep.
func preparedUser(users map[string]string, name string) (user string, ok bool) {
	for user := range users {
		if prepared, err := stringprep.SASLprep.Prepare(user); err == nil && prepared == name {
			return user, true
		}
	}
	return "", false
}

// authSCRAM is RFC 5802 with SHA-256, as RFC 7677 has it.
func (s *Session) authSCRAM(initial []byte) (string, bool, error) {
	first, err := s.orChallenge(initial, "")
	if err != nil || bytes.HasPrefix(first, []byte("p=")) {
		return "", false, err
	}
	return s.scram(first)
}

// authSCRAMPlus is the same bound to the TLS connection.
func (s *Session) authSCRAMPlus(initial []byte) (string, bool, error) {
	first, err := s.orChallenge(initial, "")
	if err != nil || !bytes.HasPrefix(first, []byte("p=")) {
		return "", false, err
	}
	return s.scram(first)
}

func (s *Session) scram(first []byte) (string, bool, error) {
	server, err := scram.SHA256.NewServer(func(name string) (scram.StoredCredentials, error) {
		return s.srv.set.credentials.of(s.srv.Users, name)
	})
	if err != nil {
		return "", false, err
	}
	conversation := server.NewConversation()
	if slices.Contains(s.mechanisms(), scramSHA256Plus) {
		// This one refuses a client that says y: that has not seen the offer.
		conversation = server.NewConversationWithChannelBinding(channelBinding(s.TLS()))
	}
	challenge, err := conversation.Step(string(first))
	if err != nil {
		return "", false, nil
	}
	proof, err := s.challenge(challenge)
	if err != nil {
		return "", false, err
	}
	final, err := conversation.Step(string(proof))
	if err != nil || !conversation.Valid() {
		return "", false, nil
	}
	if authzID := conversation.AuthzID(); authzID != "" && authzID != conversation.Username() {
		return "", false, nil
	}
	if _, err := s.challenge(final); err != nil { // the response is empty (RFC 4954 section 4)
		return "", false, err
	}
	user, ok := preparedUser(s.srv.Users, conversation.Username())
	return user, ok, nil
}

// channelBinding returns tls-exporter in TLS 1.3 (RFC 9266) and tls-unique in
// TLS 1.2 (RFC 5929), if the connection has it.
func channelBinding(state *tls.ConnectionState) scram.ChannelBinding {
	switch {
	case state == nil:
		return scram.ChannelBinding{}
	case state.Version == tls.VersionTLS12:
		return scram.NewTLSUniqueBinding(state.TLSUnique)
	}
	exporter, err := scram.NewTLSExporterBinding(state)
	if err != nil {
		return scram.ChannelBinding{}
	}
	return exporter
}

// mechanisms are those that the session offers now.
func (s *Session) mechanisms() []string {
	if channelBinding(s.TLS()).IsSupported() {
		return s.srv.set.mechanisms
	}
	return slices.DeleteFunc(slices.Clone(s.srv.set.mechanisms), func(m string) bool { return strings.HasSuffix(m, "-PLUS") })
}
