package smtptest

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Why an exchange of SASL messages ends early. The text is the reply.
var (
	errCancelled = errors.New("501 5.7.0 Authentication cancelled")
	errBase64    = errors.New("501 5.5.2 Invalid base64")
	errLongSASL  = errors.New("500 5.5.6 Authentication exchange line is too long")
)

// A mechanism runs a SASL exchange and returns the user that it names and
// whether that has proven to be itself. initial is the initial response, nil
// if there was none.
type mechanism func(s *Session, initial []byte) (user string, ok bool, err error)

var mechanisms = map[string]mechanism{
	"PLAIN":       (*Session).authPLAIN,
	"LOGIN":       (*Session).authLOGIN,
	"CRAM-MD5":    (*Session).authCRAMMD5,
	"OAUTHBEARER": (*Session).authOAUTHBEARER,
	"XOAUTH2":     (*Session).authXOAUTH2,

	scramSHA256:     (*Session).authSCRAM,
	scramSHA256Plus: (*Session).authSCRAMPlus,
}

// auth is RFC 4954 section 4.
func (s *Session) auth(args string) (string, error) {
	name, response, _ := strings.Cut(args, " ")
	name = strings.ToUpper(name)
	run, known := mechanisms[name]
	switch {
	case !s.extended || len(s.srv.set.mechanisms) == 0:
		return "503 5.5.1 Authentication not offered", nil
	case s.user != "":
		return "503 5.5.1 Already authenticated", nil
	case s.tx.open:
		return "503 5.5.1 AUTH within a mail transaction", nil
	case !s.offersAuth():
		return "538 5.7.11 Encryption required for authentication", nil
	case !known || !slices.Contains(s.mechanisms(), name):
		return "504 5.5.4 Mechanism not offered", nil
	}
	initial, err := decodeInitial(response)
	if err != nil {
		return err.Error(), nil
	}
	user, ok, err := run(s, initial)
	switch {
	case errors.Is(err, errCancelled), errors.Is(err, errBase64), errors.Is(err, errLongSASL):
		return err.Error(), nil
	case err != nil:
		return "", err
	case !ok || user == "":
		return "535 5.7.8 Authentication credentials invalid", nil
	}
	s.user = user
	s.srv.count.authenticated.Add(1)
	return "235 2.7.0 Authentication successful", nil
}

// decodeInitial decodes an initial response, of which "=" is the empty one.
func decodeInitial(response string) ([]byte, error) {
	switch response {
	case "":
		return nil, nil
	case "=":
		return []byte{}, nil
	}
	return decodeSASL(response)
}

func decodeSASL(line string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return nil, errBase64
	}
	return b, nil
}

// challenge sends a challenge and returns the client's response.
func (s *Session) challenge(text string) ([]byte, error) {
	s.reply("334 " + base64.StdEncoding.EncodeToString([]byte(text)))
	line, err := s.readLine(maxAuthLine)
	switch {
	case errors.Is(err, errLineTooLong):
		return nil, errLongSASL
	case errors.Is(err, errBareLF):
		return nil, errBase64
	case err != nil:
		return nil, err
	case line == "*":
		return nil, errCancelled
	}
	return decodeSASL(line)
}

// orChallenge returns the initial response, or asks for it.
func (s *Session) orChallenge(initial []byte, text string) ([]byte, error) {
	if initial != nil {
		return initial, nil
	}
	return s.challenge(text)
}

// checkPassword reports whether there is such a user with such a password.
func (s *Session) checkPassword(user, password string) bool {
	want, known := s.srv.Users[user]
	return known && want == password
}

// authPLAIN is RFC 4616.
func (s *Session) authPLAIN(initial []byte) (string, bool, error) {
	response, err := s.orChallenge(initial, "")
	if err != nil {
		return "", false, err
	}
	parts := strings.Split(string(response), "\x00")
	if len(parts) != 3 || parts[0] != "" && parts[0] != parts[1] {
		return "", false, nil
	}
	return parts[1], s.checkPassword(parts[1], parts[2]), nil
}

// authLOGIN is the mechanism that was never standardized.
func (s *Session) authLOGIN(initial []byte) (string, bool, error) {
	user, err := s.orChallenge(initial, "Username:")
	if err != nil {
		return "", false, err
	}
	password, err := s.challenge("Password:")
	if err != nil {
		return "", false, err
	}
	return string(user), s.checkPassword(string(user), string(password)), nil
}

// authCRAMMD5 is RFC 2195. It has no initial response.
func (s *Session) authCRAMMD5(initial []byte) (string, bool, error) {
	if initial != nil {
		return "", false, nil
	}
	challenge := fmt.Sprintf("<%d.%d@%s>", s.number, s.srv.count.connections.Load(), s.srv.set.hostname)
	response, err := s.challenge(challenge)
	if err != nil {
		return "", false, err
	}
	i := strings.LastIndexByte(string(response), ' ')
	if i < 0 {
		return "", false, nil
	}
	user, digest := string(response[:i]), string(response[i+1:])
	password, known := s.srv.Users[user]
	mac := hmac.New(md5.New, []byte(password))
	mac.Write([]byte(challenge))
	return user, known && digest == hex.EncodeToString(mac.Sum(nil)), nil
}

// authOAUTHBEARER is RFC 7628: a GS2 header with the user, then fields.
func (s *Session) authOAUTHBEARER(initial []byte) (string, bool, error) {
	response, err := s.orChallenge(initial, "")
	if err != nil {
		return "", false, err
	}
	header, fields, _ := strings.Cut(string(response), "\x01")
	var user string
	for part := range strings.SplitSeq(header, ",") {
		if a, ok := strings.CutPrefix(part, "a="); ok {
			user = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(a)
		}
	}
	token := bearerToken(fields)
	if user == "" {
		user = s.userOfToken(token)
	}
	return s.concludeOAUTH(user, token, `{"status":"invalid_token","schemes":"bearer"}`)
}

// authXOAUTH2 is the mechanism of Google and Microsoft.
func (s *Session) authXOAUTH2(initial []byte) (string, bool, error) {
	response, err := s.orChallenge(initial, "")
	if err != nil {
		return "", false, err
	}
	first, fields, _ := strings.Cut(string(response), "\x01")
	user, _ := strings.CutPrefix(first, "user=")
	return s.concludeOAUTH(user, bearerToken(fields), `{"status":"400","schemes":"Bearer"}`)
}

// concludeOAUTH checks the token. A failure is explained in one more
// challenge, whose response says nothing (RFC 7628 section 3.2.3).
func (s *Session) concludeOAUTH(user, token, failure string) (string, bool, error) {
	if token != "" && s.checkPassword(user, token) {
		return user, true, nil
	}
	_, err := s.challenge(failure)
	return user, false, err
}

// bearerToken returns the access token of fields separated by ^A.
func bearerToken(fields string) string {
	for field := range strings.SplitSeq(fields, "\x01") {
		value, ok := strings.CutPrefix(field, "auth=")
		if scheme, token, _ := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
			return token
		}
	}
	return ""
}

func (s *Session) userOfToken(token string) string {
	for user, password := range s.srv.Users {
		if password == token {
			return user
		}
	}
	return ""
}
