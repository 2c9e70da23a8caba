package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// serverTLS returns the configuration to serve with and the certificate that
// a client should trust, generating one where base has none.
func serverTLS(base *tls.Config, hostname string) (*tls.Config, *x509.Certificate) {
	config := &tls.Config{}
	if base != nil {
		config = base.Clone()
	}
	if config.GetCertificate != nil || config.GetConfigForClient != nil {
		return config, nil
	}
	if len(config.Certificates) == 0 {
		config.Certificates = []tls.Certificate{newCertificate(hostname)}
	}
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	if err != nil {
		panic(fmt.Sprintf("smtptest: TLSConfig: %v", err))
	}
	return config, leaf
}

// newCertificate returns a self-signed certificate. Like that of httptest it
// is valid from 1970 on, for the sake of tests under a fake clock.
func newCertificate(hostname string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(fmt.Sprintf("smtptest: generating a key: %v", err))
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: hostname, Organization: []string{"smtptest"}},
		NotBefore:             time.Unix(0, 0),
		NotAfter:              time.Date(2084, 1, 29, 16, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{hostname, "localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(fmt.Sprintf("smtptest: creating a certificate: %v", err))
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// certificateName returns a name for which c is valid: preferred if possible.
func certificateName(c *x509.Certificate, preferred string) string {
	switch {
	case c == nil || c.VerifyHostname(preferred) == nil:
		return preferred
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case len(c.IPAddresses) > 0:
		return c.IPAddresses[0].String()
	}
	return preferred
}
