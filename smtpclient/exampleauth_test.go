package smtpclient_test

import (
	"context"
	"fmt"
	"time"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

// authenticatedBy prints the AUTH command of a session.
func authenticatedBy(srv *smtptest.Server, auth smtpclient.AuthFunc) {
	ctx := context.Background()
	session, err := smtpclient.Dial(ctx, smtpclient.Config{
		Addr: srv.Addr, TLSConfig: srv.ClientTLSConfig(), Auth: auth,
		Trace: &smtpclient.Trace{Command: func(_ uint64, line string) {
			if len(line) > 4 && line[:4] == "AUTH" {
				fmt.Println(line)
			}
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := session.Quit(ctx); err != nil {
		fmt.Println(err)
	}
}

// The strongest mechanism that the server offers is used, or one of those that are
// named.
func ExamplePasswordAuth() {
	srv := smtptest.NewUnstartedServer()
	srv.Users = map[string]string{"ada": "correct horse"}
	srv.Start()
	defer srv.Close()

	authenticatedBy(srv, smtpclient.PasswordAuth("ada", "correct horse"))
	authenticatedBy(srv, smtpclient.PasswordAuth("ada", "correct horse", "PLAIN", "LOGIN"))
	// Output:
	// AUTH SCRAM-SHA-256-PLUS …
	// AUTH PLAIN …
}

// A tokenSource is shaped like the TokenSource of golang.org/x/oauth2.
type tokenSource struct{}

type oauthToken struct {
	AccessToken string
	Expiry      time.Time
}

func (tokenSource) Token() (*oauthToken, error) { return &oauthToken{AccessToken: "ya29.x"}, nil }

// Each session asks the source for its token. The sources of golang.org/x/oauth2
// keep one until it expires.
func ExampleTokenAuth() {
	srv := smtptest.NewUnstartedServer()
	srv.Users = map[string]string{"ada": "ya29.x"}
	srv.Start()
	defer srv.Close()

	source := tokenSource{} // in a program: config.TokenSource(ctx, token)
	authenticatedBy(srv, smtpclient.TokenAuth("ada", func(context.Context) (string, error) {
		token, err := source.Token()
		if err != nil {
			return "", err
		}
		return token.AccessToken, nil
	}))
	// Output:
	// AUTH OAUTHBEARER …
}
