package smtpclient_test

import (
	"testing"
	"bytes"
	"context"

	"github.com/bulksmtp/bulksmtp/smtpclient"
	"github.com/bulksmtp/bulksmtp/smtpclient/smtptest"
)

func TestLarge(t *testing.T) {
	srv := smtptest.NewServer()
	defer srv.Close()
	s, err := smtpclient.Dial(t.Context(), smtpclient.Config{Addr: srv.Addr, TLSConfig: srv.ClientTLSConfig()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Send(context.Background(), &smtpclient.Mail{From: "a@a.test", To: smtpclient.Recipients("b@b.test"), Content: bytes.Repeat([]byte("0123456789\r\n"), 20000)})
	t.Log(r, err, len(srv.Messages()))
}
