package smtpclient

import (
	"crypto/tls"
	"errors"

	"github.com/xdg-go/scram"
)

// A binding is what SCRAM says of the TLS connection (RFC 5802 6).
type binding struct {
	channel scram.ChannelBinding
	// stripped: this side can bind, and the server does not offer it, or somebody
	// in between has it not do so. A server that did offer it then knows.
	stripped bool
}

var errNoBinding = errors.New("TLS connection has nothing to bind to")

// newBinding looks at the TLS state. wanted says whether PLUS is used if it can
// be, offered whether the server has it.
func newBinding(state *tls.ConnectionState, wanted, offered bool) binding {
	b := binding{channel: channelBinding(state)}
	b.stripped = b.possible() && wanted && !offered
	return b
}

// channelBinding returns what both ends of a TLS connection know and nobody else:
// no two connections have the same. That is tls-exporter in TLS 1.3 (RFC 9266),
// and in TLS 1.2 tls-unique, the type that SCRAM servers have to know and the one
// that they use there.
//
// tls-unique is sound only with an extended master secret (RFC 7627): without,
// who is in between can have two connections with the same (the "triple
// handshake"). crypto/tls exports keys on the same condition, and when
// renegotiation, which is as bad, is not allowed.
//
// tls-server-end-point is not used. It binds to the certificate, not to the
// connection, and SMTP has no way to tell whether a server knows it.
func channelBinding(state *tls.ConnectionState) scram.ChannelBinding {
	if state == nil || !state.HandshakeComplete || state.Version < tls.VersionTLS12 {
		return scram.ChannelBinding{}
	}
	exporter, err := scram.NewTLSExporterBinding(state)
	switch {
	case err != nil:
		return scram.ChannelBinding{}
	case state.Version == tls.VersionTLS12:
		return scram.NewTLSUniqueBinding(state.TLSUnique)
	}
	return exporter
}

func (b binding) possible() bool { return b.channel.IsSupported() }

// begin begins an exchange with the flag of RFC 5802 6: p binds, y says that this
// side could, n that it could not or does not want to.
func (b binding) begin(keys *scram.Client, mechanism string) *scram.ClientConversation {
	switch {
	case mechanism == SCRAMSHA256Plus:
		return keys.NewConversationWithChannelBinding(b.channel)
	case b.stripped:
		return keys.NewConversationAdvertisingChannelBinding()
	}
	return keys.NewConversation()
}
