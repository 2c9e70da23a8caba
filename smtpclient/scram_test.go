package smtpclient_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-sasl"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// playSCRAM logs in at a scramServer.
func playSCRAM(t *testing.T, s *scramServer) (wire *log, err error) {
	wire = &log{}
	synctest.Test(t, func(t *testing.T) {
		conn, server := net.Pipe()
		served := make(chan struct{})
		go func() {
			defer close(served)
			s.serve(server)
		}()
		var session *smtpclient.Session
		session, err = smtpclient.NewSession(context.Background(), conn, smtpclient.Config{
			Security: smtpclient.Plaintext, AllowInsecureAuth: true, LocalName: "client.test", Trace: wire.trace(),
			Auth: smtpclient.PasswordAuth("user", "pencil"),
		})
		if err == nil {
			session.Close()
		}
		<-served
	})
	return wire, err
}

// Servers that lie, or that do not know the password, are found out.
func TestSCRAMServers(t *testing.T) {
	first := func(format string, args ...any) func(string) string {
		return func(nonce string) string { return strings.ReplaceAll(fmt.Sprintf(format, args...), "NONCE", nonce) }
	}
	final := func(text string) func(string) string { return func(string) string { return text } }
	const good = "r=NONCEx,s=" + scramSalt
	for name, tt := range map[string]struct {
		server scramServer
		err    error // nil: none
		text   string
	}{
		"good":                     {scramServer{}, nil, ""},
		"good, with extensions":    {scramServer{first: first(good + ",i=4096,x=y"), final: func(v string) string { return v + ",x=y" }}, nil, ""},
		"another password":         {scramServer{password: "pen"}, smtpclient.ErrUnproven, ""},
		"no proof":                 {scramServer{final: final("")}, smtpclient.ErrUnproven, ""},
		"empty proof":              {scramServer{final: final("v=")}, smtpclient.ErrUnproven, ""},
		"proof not base64":         {scramServer{final: final("v=?")}, smtpclient.ErrUnproven, ""},
		"half a proof":             {scramServer{final: func(v string) string { return v[:22] }}, smtpclient.ErrUnproven, ""},
		"something else":           {scramServer{final: final("x=y")}, smtpclient.ErrUnproven, ""},
		"235 to the first message": {scramServer{early: 1}, smtpclient.ErrUnproven, ""},
		"235 to the proof":         {scramServer{early: 2}, smtpclient.ErrUnproven, ""},
		"refusal":                  {scramServer{final: final("e=invalid-proof")}, nil, `SCRAM-SHA-256: server refuses: "invalid-proof"`},
		"refusal, line break":      {scramServer{final: final("e=a\r\nb")}, nil, `"a\r\nb"`},
		"long refusal":             {scramServer{final: final("e=" + strings.Repeat("x", 1000))}, nil, strings.Repeat("x", 64) + `"`},
		"nonce not extended":       {scramServer{first: first("r=NONCE,s=" + scramSalt + ",i=4096")}, smtpclient.ErrProtocol, "nonce"},
		"nonce of its own":         {scramServer{first: first("r=forged,s=" + scramSalt + ",i=4096")}, smtpclient.ErrProtocol, "nonce"},
		"nonce, one octet off":     {scramServer{first: func(n string) string { return "r=" + n[1:] + "xy,s=" + scramSalt + ",i=4096" }}, smtpclient.ErrProtocol, "nonce"},
		"no nonce":                 {scramServer{first: first("r=,s=" + scramSalt + ",i=4096")}, smtpclient.ErrProtocol, "nonce"},
		"4095 iterations":          {scramServer{first: first(good + ",i=4095")}, smtpclient.ErrIterations, "4096 to 1000000"},
		"1 iteration":              {scramServer{first: first(good + ",i=1")}, smtpclient.ErrIterations, ""},
		"no iteration":             {scramServer{first: first(good + ",i=0")}, smtpclient.ErrIterations, ""},
		"iterations below zero":    {scramServer{first: first(good + ",i=-4096")}, smtpclient.ErrIterations, ""},
		"too many iterations":      {scramServer{first: first(good + ",i=1000001")}, smtpclient.ErrIterations, ""},
		"no end of iterations":     {scramServer{first: first(good + ",i=2147483647")}, smtpclient.ErrIterations, ""},
		"iterations overflow":      {scramServer{first: first(good + ",i=99999999999999999999")}, smtpclient.ErrIterations, ""},
		"iterations no number":     {scramServer{first: first(good + ",i=many")}, smtpclient.ErrProtocol, "malformed"},
		"no iterations":            {scramServer{first: first(good)}, smtpclient.ErrProtocol, "malformed"},
		"no salt":                  {scramServer{first: first("r=NONCEx,i=4096")}, smtpclient.ErrProtocol, "malformed"},
		"empty salt":               {scramServer{first: first("r=NONCEx,s=,i=4096")}, smtpclient.ErrProtocol, "malformed"},
		"salt not base64":          {scramServer{first: first("r=NONCEx,s=???,i=4096")}, smtpclient.ErrProtocol, "malformed"},
		"another order":            {scramServer{first: first("s=" + scramSalt + ",r=NONCEx,i=4096")}, smtpclient.ErrProtocol, "malformed"},
		"mandatory extension":      {scramServer{first: first("m=x," + good + ",i=4096")}, smtpclient.ErrProtocol, "malformed"},
		"refusal at first":         {scramServer{first: first("e=other-error")}, nil, `server refuses: "other-error"`},
		"nothing":                  {scramServer{first: first("")}, smtpclient.ErrProtocol, "malformed"},
		"commas":                   {scramServer{first: first(",,,,")}, smtpclient.ErrProtocol, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.server.password == "" {
				tt.server.password = "pencil"
			}
			wire, err := playSCRAM(t, &tt.server)
			if (err == nil) != (tt.err == nil && tt.text == "") || tt.err != nil && !errors.Is(err, tt.err) || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%v, want %v, %q", err, tt.err, tt.text)
			}
			if err != nil && (asSession(t, err).Op != "AUTH" || strings.ContainsAny(err.Error(), "\r\n")) {
				t.Errorf("%q", err)
			}
			checkSCRAMLog(t, wire, err)
		})
	}
}

// A server quotes what it was told, and what it said itself.
func TestSCRAMQuotedBack(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, refusal := range map[string]func(first, proof string) string{
		"the proof":          func(_, proof string) string { return "535 5.7.8 what is " + proof },
		"the proof, encoded": func(_, proof string) string { return "500 5.5.2 what is " + encode(proof) },
		"the proof alone":    func(_, proof string) string { return "535 5.7.8 bad " + proof[strings.Index(proof, ",p=")+3:] },
		"its own challenge":  func(first, _ string) string { return "535 5.7.8 " + encode(first) + " is not answered" },
	} {
		t.Run(name, func(t *testing.T) {
			said := ""
			wire, err := playSCRAM(t, &scramServer{password: "pencil", refusal: func(first, proof string) string {
				said = refusal(first, proof)
				return said
			}})
			checkSCRAMLog(t, wire, err)
			quoted := strings.Fields(said)[len(strings.Fields(said))-1]
			if name == "its own challenge" {
				quoted = strings.Fields(said)[2]
			}
			if shown := fmt.Sprint(wire, err); strings.Contains(shown, quoted) || !strings.Contains(err.Error(), "…") {
				t.Errorf("%q shows: %s", quoted, shown)
			}
		})
	}
}

// checkSCRAMLog looks for anything of an exchange that passwords could be tried
// on: all of it is in base64, or has a salt.
func checkSCRAMLog(t *testing.T, wire *log, err error) {
	t.Helper()
	said := fmt.Sprint(wire, err)
	for _, word := range strings.Fields(said) {
		plain, err := base64.StdEncoding.DecodeString(word)
		if err == nil && strings.Contains(string(plain), "=") {
			t.Errorf("the log has %q: %s", plain, wire)
		}
	}
	for _, secret := range []string{"pencil", scramSalt, "i=4096"} {
		if strings.Contains(said, secret) {
			t.Errorf("%q shows: %s", secret, said)
		}
	}
}

// Over TLS 1.2 and 1.3, a first and a resumed session, bound and not.
func TestSCRAMOverTLS(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for mechanisms, want := range map[string]string{
			"PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS": "SCRAM-SHA-256-PLUS", "PLAIN SCRAM-SHA-256": "SCRAM-SHA-256",
		} {
			t.Run(tls.VersionName(version)+", "+want, func(t *testing.T) {
				srv, c := newAuthServer(t, strings.Fields(mechanisms)...)
				c.TLSConfig.MinVersion, c.TLSConfig.MaxVersion = version, version
				c.TLSConfig.ClientSessionCache = tls.NewLRUClientSessionCache(1)
				c.Auth = smtpclient.PasswordAuth(testUser, testPassword)
				resumed := 0
				for range 3 {
					var wire log
					c.Trace = wire.trace()
					c.Trace.TLS = func(_ uint64, state tls.ConnectionState, _ bool) {
						if state.DidResume {
							resumed++
						}
					}
					if err := dial(t, c).Quit(t.Context()); err != nil {
						t.Error(err)
					}
					if !strings.Contains(wire.String(), "> AUTH "+want+" …") {
						t.Errorf("not by %s:\n%s", want, &wire)
					}
				}
				if n := srv.Counters().Authenticated; n != 3 || resumed != 2 {
					t.Errorf("%d sessions authenticated, %d resumed", n, resumed)
				}
			})
		}
	}
}

// A user name and a password that look different to the server are the same by
// SASLprep, and a user name with SCRAM's separators is whole.
func TestSCRAMPrepared(t *testing.T) {
	for name, tt := range map[string][2][2]string{ // the server's user and password, the client's
		"soft hyphen":   {{"user", "pencil"}, {"us\u00ADer", "pen\u00ADcil"}},
		"compatibility": {{"IX", "IX"}, {"\u2168", "\u2168"}},
		"the other way": {{"\u2168", "\u2168"}, {"IX", "IX"}},
		"spaces":        {{"user", "a b"}, {"user", "a\u00A0b"}},
		"composed":      {{"gr\u00FCn", "p\u00E4ss"}, {"gru\u0308n", "pa\u0308ss"}},
		"separators":    {{"a,b=c=2C,n=x", "p,=r"}, {"a,b=c=2C,n=x", "p,=r"}},
		"right to left": {{"\u0627\u0628", "\u0627"}, {"\u0627\u0628", "\u0627"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv, c := newPipeServer(t)
			srv.Users, srv.Mechanisms = map[string]string{tt[0][0]: tt[0][1]}, []string{"SCRAM-SHA-256"}
			srv.Start()
			c.AllowInsecureAuth, c.Auth = true, smtpclient.PasswordAuth(tt[1][0], tt[1][1])
			if _, err := dial(t, c).Send(t.Context(), mailTo(1, "b@b.test")); err != nil {
				t.Fatal(err)
			}
			if m := srv.Messages(); len(m) != 1 || m[0].User != tt[0][0] {
				t.Errorf("%+v", m)
			}
		})
	}
}

// Somebody takes PLUS out of what the server offers. The client says that it could
// have bound, and the server sees that something is missing.
func TestSCRAMDowngrade(t *testing.T) {
	for name, plus := range map[string]bool{"stripped": true, "not offered": false} {
		t.Run(name, func(t *testing.T) {
			offer := []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
			if !plus {
				offer = offer[:1]
			}
			srv, c := newAuthServer(t, offer...)
			password := smtpclient.PasswordAuth(testUser, testPassword)
			c.Auth = func(ctx context.Context, mechanisms []string, state *tls.ConnectionState) (sasl.Client, error) {
				if slices.Contains(mechanisms, "SCRAM-SHA-256-PLUS") != plus {
					t.Errorf("offered: %q", mechanisms)
				}
				return password(ctx, []string{"SCRAM-SHA-256"}, state)
			}
			s, err := smtpclient.Dial(t.Context(), c)
			if (err != nil) != plus || srv.Counters().Authenticated != 0 == plus {
				t.Errorf("%v, %+v", err, srv.Counters())
			}
			if s != nil {
				s.Close()
			}
		})
	}
}

// Somebody has the server not know the PLUS that it offers: nothing weaker follows.
func TestSCRAMPlusUnknown(t *testing.T) {
	srv, c := newAuthServer(t)
	srv.Script(smtptest.Fault{At: smtptest.PointAUTH, Nth: 1, Do: smtptest.Answer("504 5.5.4 unknown")})
	c.Auth = smtpclient.PasswordAuth(testUser, testPassword)
	var reply *smtpclient.ReplyError
	if _, err := smtpclient.Dial(t.Context(), c); !errors.As(err, &reply) || reply.Reply.Code != 504 {
		t.Error(err)
	}
	if n := srv.Counters(); n.Commands["AUTH"] != 1 || n.Authenticated != 0 {
		t.Errorf("%+v", n)
	}
}

// Somebody in between has the server's very key, and passes on what both ends say.
// SCRAM alone cannot tell, bound to the connection it can.
func TestSCRAMRelayed(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for mechanism, relayed := range map[string]bool{"SCRAM-SHA-256": true, "SCRAM-SHA-256-PLUS": false} {
			t.Run(tls.VersionName(version)+", "+mechanism, func(t *testing.T) {
				theirs := &tls.Config{Certificates: []tls.Certificate{newKeyPair(t)}}
				srv := smtptest.NewUnstartedServer()
				srv.TLSConfig = theirs
				srv.Users, srv.Mechanisms = map[string]string{testUser: testPassword}, []string{mechanism}
				srv.StartTLS()
				t.Cleanup(srv.Close)
				between, err := tls.Listen("tcp", "127.0.0.1:0", theirs)
				if err != nil {
					t.Fatal(err)
				}
				passed := make(chan struct{})
				defer func() { between.Close(); <-passed }()
				go func() { defer close(passed); passOn(between, srv) }()
				config := &tls.Config{InsecureSkipVerify: true, VerifyConnection: pinned(true), MinVersion: version, MaxVersion: version}
				s, err := smtpclient.Dial(t.Context(), smtpclient.Config{
					Addr: between.Addr().String(), Security: smtpclient.ImplicitTLS, TLSConfig: config, LocalName: "client.test",
					Auth: smtpclient.PasswordAuth(testUser, testPassword),
				})
				if (err == nil) != relayed || srv.Counters().Authenticated != 0 != relayed || srv.Counters().Commands["AUTH"] != 1 {
					t.Errorf("%v, %+v", err, srv.Counters())
				}
				if s != nil {
					s.Close()
				}
			})
		}
	}
}

// newKeyPair makes a certificate for nobody, by nobody.
func newKeyPair(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// passOn joins one connection to one of the server's.
func passOn(l net.Listener, srv *smtptest.Server) {
	client, err := l.Accept()
	if err != nil {
		return
	}
	defer client.Close()
	server, err := tls.Dial("tcp", srv.Addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		io.Copy(server, client)
		server.Close()
	}()
	io.Copy(client, server)
}

// FuzzSCRAM has the input be what the server says, NONCE the client's nonce and
// RIGHT the right proof in it. Nothing but the right proof is taken for one, and
// no proof of the client's is given for an iteration count out of bounds.
func FuzzSCRAM(f *testing.F) {
	for _, first := range []string{
		"r=NONCEx,s=" + scramSalt + ",i=4096", "r=NONCE,s=" + scramSalt + ",i=4096", "r=NONCEx,s=" + scramSalt + ",i=4096,x=y", "r=NONCEx,s=AA==,i=+4096",
		"r=NONCEx,s=" + scramSalt + ",i=4095", "r=NONCEx,s=" + scramSalt + ",i=1000000001", "e=other-error", "",
	} {
		for _, final := range []string{"RIGHT", "RIGHT,x=y", "v=", "v=AAAA", "e=invalid-proof", ""} {
			f.Add(first, final)
		}
	}
	auth := smtpclient.PasswordAuth("user", "pencil")
	f.Fuzz(func(t *testing.T, first, final string) {
		client, err := auth(t.Context(), []string{"SCRAM-SHA-256"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, initial, err := client.Start()
		if err != nil {
			t.Fatal(err)
		}
		_, nonce, _ := strings.Cut(string(initial), ",r=")
		first = strings.ReplaceAll(first, "NONCE", nonce)
		count := iterations(first)
		if count > minCount && count <= maxCount {
			t.Skip("good, and slow")
		}
		complete := client.(interface{ Complete() error }).Complete
		proof, err := client.Next([]byte(first))
		if err == nil && (count != minCount || !strings.HasPrefix(first, "r="+nonce) || !strings.Contains(string(proof), ",p=")) {
			t.Fatalf("%q for %q", proof, first)
		}
		if complete() == nil {
			t.Fatalf("complete after %q", first)
		}
		if err != nil {
			return
		}
		signature := scramSignature("pencil", string(initial), first, string(proof))
		final = strings.ReplaceAll(final, "RIGHT", "v="+base64.StdEncoding.EncodeToString(signature))
		end, err := client.Next([]byte(final))
		said, _, _ := strings.Cut(final, ",")
		verifier, found := strings.CutPrefix(said, "v=")
		shown, bad := base64.StdEncoding.DecodeString(verifier)
		proven := found && bad == nil && bytes.Equal(shown, signature)
		if (err == nil) != proven || (complete() == nil) != proven || err == nil && len(end) != 0 {
			t.Errorf("%q: %q, %v, %v; proven %v", final, end, err, complete(), proven)
		}
	})
}

// The bounds of RFC 7677 4 and of ErrIterations.
const minCount, maxCount = 4096, 1_000_000

// iterations returns the iteration count of a server's first message, or 0.
func iterations(first string) int {
	fields := strings.Split(first, ",")
	if len(fields) < 3 {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(fields[2], "i="))
	return n
}
