package smtpclient

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
)

// maxChallenges bounds the 334 replies of one AUTH exchange; no mechanism in
// use needs more than three.
const maxChallenges = 12

// maxInitial is the longest AUTH line with an initial response: a longer one
// waits for a 334, as RFC 4954 4 has it.
const maxInitial = 510

// login authenticates, if credentials may go out over this connection.
func (h *handshake) login() error {
	if !h.verified && !h.cfg.AllowInsecureAuth {
		return ErrInsecureAuth
	}
	if len(h.ext.Auth) == 0 {
		return ErrNoAuth
	}
	ctx, cancel := context.WithTimeout(h.ctx, h.cfg.Timeouts.Command)
	defer cancel()
	client, err := h.cfg.Auth(ctx, append([]string(nil), h.ext.Auth...), h.state)
	if err != nil {
		return err
	}
	clients, ok := client.(alternatives)
	if !ok {
		return h.authenticate(client)
	}
	var failed error
	for {
		err := h.authenticate(clients)
		if err == nil {
			return nil
		}
		if failed = chain(failed, err); len(clients) == 1 || !unknownMechanism(err) {
			return failed
		}
		clients = clients[1:]
	}
}

// chain puts an error behind another, in one line.
func chain(first, second error) error {
	if first == nil {
		return second
	}
	return fmt.Errorf("%w; %w", first, second)
}

// unknownMechanism reports a server that has not looked at the credentials, as it
// does not know the mechanism (RFC 4954 4).
func unknownMechanism(err error) bool {
	var refused *ReplyError
	return errors.As(err, &refused) && refused.Reply.Code == 504
}

// authenticate runs the AUTH exchange of RFC 4954 4.
func (h *handshake) authenticate(client sasl.Client) error {
	mechanism, initial, err := client.Start()
	if err != nil {
		return err
	}
	h.guarded = strings.HasPrefix(mechanism, "SCRAM-")
	if err := h.exchange(client, mechanism, initial); err != nil {
		return fmt.Errorf("%s: %w", mechanism, err)
	}
	return nil
}

func (h *handshake) exchange(client sasl.Client, mechanism string, initial []byte) error {
	line := "AUTH " + mechanism
	pending := initial != nil
	if encoded := encodeInitial(initial); pending && len(line)+1+len(encoded) <= maxInitial {
		line += " " + encoded
		pending = false
	}
	r, err := h.secret("AUTH", line, "AUTH "+mechanism+" …")
	for n := 0; ; n++ {
		if err != nil {
			return err
		}
		if r.Code != 334 {
			return authVerdict(client, r)
		}
		if n == maxChallenges {
			return h.cancelAuth(fmt.Errorf("%w: more than %d AUTH challenges", ErrProtocol, maxChallenges))
		}
		response := initial
		if !pending {
			response, err = challenge(client, r.Text)
		}
		pending = false
		if err != nil {
			return h.cancelAuth(err)
		}
		r, err = h.secret("AUTH", base64.StdEncoding.EncodeToString(response), "…")
	}
}

func encodeInitial(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

// challenge lets the client answer a 334.
func challenge(client sasl.Client, text string) ([]byte, error) {
	c, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("%w: AUTH challenge is not base64", ErrProtocol)
	}
	return client.Next(c)
}

// cancelAuth gives the exchange up with "*" and returns why: the server's
// reply too, since only it says what was wrong with a token.
func (h *handshake) cancelAuth(why error) error {
	r, err := h.secret("AUTH", "*", "*")
	if err == nil && r.Code/100 >= 4 {
		return chain(why, &ReplyError{Verb: "AUTH", Reply: r})
	}
	return why
}

// authVerdict judges the reply that ends an exchange. A 235 is not the server's
// alone to say, if it had to prove something.
func authVerdict(client sasl.Client, r Reply) error {
	switch {
	case r.Code == 235:
		return complete(client)
	case r.Code/100 == 4 || r.Code/100 == 5:
		return &ReplyError{Verb: "AUTH", Reply: r}
	}
	return fmt.Errorf("%w: %d in answer to AUTH", ErrProtocol, r.Code)
}

// complete asks a client whether the exchange may end here; see AuthFunc.
func complete(client sasl.Client) error {
	if c, ok := client.(interface{ Complete() error }); ok {
		return c.Complete()
	}
	return nil
}
