package preflight_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message/dkim"
	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// A zone is a DNS: names and their TXT records.
type zone map[string][]string

var errServFail = &net.DNSError{Err: "server misbehaving", IsTemporary: true}

func (z zone) LookupTXT(ctx context.Context, name string) ([]string, error) {
	records, ok := z[name]
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !ok:
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	case slices.Equal(records, []string{"SERVFAIL"}):
		return nil, errServFail
	}
	return records, nil
}

var signingKey = dkim.Key{Domain: "mail.example.com", Selector: "Spring", Signer: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))}

// signed is the newsletter with a signature that is one.
var signed = sync.OnceValue(func() string {
	s, err := dkim.New(dkim.Config{Keys: []dkim.Key{signingKey}, Now: atNow})
	if err != nil {
		panic(err)
	}
	_, unsigned, _ := strings.Cut(newsletter, "b=NDU2\r\n")
	msg, err := s.Sign([]byte(unsigned))
	if err != nil {
		panic(err)
	}
	return string(msg)
})

const (
	keyName   = "spring._domainkey.mail.example.com"
	dmarcName = "_dmarc.example.com"
	spfName   = "bounces.example.com"
)

func goodZone() zone {
	record, err := signingKey.Record()
	if err != nil {
		panic(err)
	}
	return zone{
		record.Name:         {record.Value},
		dmarcName:           {"other record", "v=DMARC1; p=none; rua=mailto:d@example.com"},
		spfName:             {"v=spf12 x", "v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all"},
		"_spf.example.net":  {"v=spf1 a mx:example.net/24 exists:%{i}.x.example.net ?redirect=_spf2.example.net"},
		"_spf2.example.net": {"V=SPF1 include:%{d}.example.net ~all"},
	}
}

// dnsFaults are planted into the DNS.
var dnsFaults = []struct {
	name  string
	kinds []preflight.Kind
	where string
	plant func(zone)
}{
	{"none", nil, "", func(zone) {}},
	{"no key", []preflight.Kind{preflight.NoDKIMKey}, keyName, func(z zone) { delete(z, keyName) }},
	{"no records of the key", []preflight.Kind{preflight.NoDKIMKey}, keyName, func(z zone) { z[keyName] = nil }},
	{"key revoked", []preflight.Kind{preflight.DKIMFails}, keyName, func(z zone) { z[keyName] = []string{"v=DKIM1; k=ed25519; p="} }},
	{"other key", []preflight.Kind{preflight.DKIMFails}, keyName, func(z zone) {
		z[keyName] = []string{"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
	}},
	{"no key, but text", []preflight.Kind{preflight.DKIMFails}, keyName, func(z zone) { z[keyName] = []string{"hello"} }},
	{"two keys", []preflight.Kind{preflight.DKIMFails}, keyName, func(z zone) { z[keyName] = append(z[keyName], z[keyName]...) }},
	{"testing", []preflight.Kind{preflight.DKIMTesting}, keyName, func(z zone) { z[keyName][0] += "; t=s:y" }},
	{"no SPF", []preflight.Kind{preflight.NoSPF}, spfName, func(z zone) { z[spfName] = []string{"v=spf2 x"} }},
	{"no name for SPF", []preflight.Kind{preflight.NoSPF}, spfName, func(z zone) { delete(z, spfName) }},
	{"two SPF records", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { z[spfName] = append(z[spfName], "v=spf1 -all") }},
	{"open SPF", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { z[spfName] = []string{"v=spf1 +All"} }},
	{"open SPF without a sign", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { z[spfName] = []string{"v=spf1 all"} }},
	{"long SPF", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) {
		z[spfName][1] = strings.Replace(z[spfName][1], " -all", strings.Repeat(" a:a.example", 6)+" -all", 1)
	}},
	{"SPF in circles", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { z["_spf2.example.net"] = []string{"v=spf1 include:_SPF.example.net. -all"} }},
	{"SPF includes nothing", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { delete(z, "_spf2.example.net") }},
	{"open SPF that is included", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { z["_spf.example.net"] = []string{"v=spf1 +all"} }},
	{"unknown mechanism", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { z[spfName] = []string{"v=spf1 ipv4:192.0.2.1 -all"} }},
	{"SPF terms behind all", nil, "", func(z zone) {
		z[spfName] = []string{"v=spf1 ip4:192.0.2.1 x=y -all redirect=none.example" + strings.Repeat(" a:a.example", 11)}
	}},
	{"SPF redirect before all", nil, "", func(z zone) { z[spfName] = []string{"v=spf1 redirect=none.example -all"} }},
	{"SPF lengths are no names", []preflight.Kind{preflight.BadSPF}, spfName, func(z zone) { z[spfName] = []string{"v=spf1" + strings.Repeat(" a/24 mx/24", 6) + " -all"} }},
	{"SPF lengths", nil, "", func(z zone) {
		z[spfName] = []string{"v=spf1 a/24 ~mx/24 a//64 mx/24//64 a:host.example/24 mx:host.example/24//64 -all"}
	}},
	{"DMARC in small letters", []preflight.Kind{preflight.NoDMARC}, dmarcName, func(z zone) { z[dmarcName] = []string{"v=dmarc1; p=none"} }},
	{"no DMARC", []preflight.Kind{preflight.NoDMARC}, dmarcName, func(z zone) { delete(z, dmarcName) }},
	{"no DMARC among records", []preflight.Kind{preflight.NoDMARC}, dmarcName, func(z zone) { z[dmarcName] = []string{"v=DMARC12; p=none"} }},
	{"two DMARC records", []preflight.Kind{preflight.BadDMARC}, dmarcName, func(z zone) { z[dmarcName] = []string{"v=DMARC1; p=none", "v=DMARC1; p=reject"} }},
	{"no policy", []preflight.Kind{preflight.BadDMARC}, dmarcName, func(z zone) { z[dmarcName] = []string{"v=DMARC1; sp=none"} }},
	{"unknown policy", []preflight.Kind{preflight.BadDMARC}, dmarcName, func(z zone) { z[dmarcName] = []string{"v=DMARC1; p=maybe"} }},
	{"torn DMARC", []preflight.Kind{preflight.BadDMARC}, dmarcName, func(z zone) { z[dmarcName] = []string{"v=DMARC1; p=none; p"} }},
	{"strict DKIM", []preflight.Kind{preflight.DKIMUnaligned}, "DKIM-Signature", func(z zone) { z[dmarcName] = []string{"v=DMARC1; p=reject; adkim=s"} }},
	{"strict SPF", []preflight.Kind{preflight.ReturnPathUnaligned}, "return path", func(z zone) { z[dmarcName] = []string{"v=DMARC1; p=reject; aspf=s"} }},
	{"key out of reach", []preflight.Kind{preflight.LookupFailed}, keyName, func(z zone) { z[keyName] = []string{"SERVFAIL"} }},
	{"SPF out of reach", []preflight.Kind{preflight.LookupFailed}, spfName, func(z zone) { z[spfName] = []string{"SERVFAIL"} }},
	{"included SPF out of reach", []preflight.Kind{preflight.LookupFailed}, "_spf2.example.net", func(z zone) { z["_spf2.example.net"] = []string{"SERVFAIL"} }},
	{"DMARC out of reach", []preflight.Kind{preflight.LookupFailed}, dmarcName, func(z zone) { z[dmarcName] = []string{"SERVFAIL"} }},
}

func TestDNSFaults(t *testing.T) {
	for _, f := range dnsFaults {
		z := goodZone()
		f.plant(z)
		found := check(t, preflight.Config{Resolver: z}, signed())
		if !slices.Equal(kinds(found), f.kinds) || len(found) > 0 && found[0].Where != f.where {
			t.Errorf("%s: %v", f.name, found)
		}
	}
}

// TestAltered: a signature is verified, not only looked at, and each of several.
func TestAltered(t *testing.T) {
	altered := replace(t, signed(), "Ann!", "Bob!")
	found := check(t, preflight.Config{Resolver: goodZone()}, altered)
	if len(found) != 1 || found[0].Kind != preflight.DKIMFails || !strings.Contains(found[0].Text, "body hash") {
		t.Error(found)
	}
	// The first of these is not signed by anybody, and the second cannot be.
	two := "DKIM-Signature: v=1; a=rsa-sha256; d=esp.example; s=x; h=from; bh=MTIz; b=NDU2\r\n" +
		"DKIM-Signature: v=1; a=rsa-sha1; d=esp.example; s=y; h=from; bh=MTIz; b=NDU2\r\n" + altered
	found = check(t, preflight.Config{Resolver: goodZone()}, two)
	if want := []preflight.Kind{preflight.BadDKIM, preflight.NoDKIMKey, preflight.DKIMFails}; !slices.Equal(kinds(found), want) {
		t.Error(found)
	}
}

// TestTwoSignatures: what one signature comes to is not said of another.
func TestTwoSignatures(t *testing.T) {
	other := dkim.Key{Domain: "mail.example.com", Selector: "autumn", Signer: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))}
	const otherName = "autumn._domainkey.mail.example.com"
	otherRecord, err := other.Record()
	if err != nil {
		t.Fatal(err)
	}
	_, unsigned, _ := strings.Cut(newsletter, "b=NDU2\r\n")
	for _, keys := range [][]dkim.Key{{signingKey, other}, {other, signingKey}} {
		s, err := dkim.New(dkim.Config{Keys: keys, Now: atNow})
		if err != nil {
			t.Fatal(err)
		}
		msg, err := s.Sign([]byte(unsigned))
		if err != nil {
			t.Fatal(err)
		}
		z := goodZone()
		z[otherName] = []string{otherRecord.Value}
		if found := check(t, preflight.Config{Resolver: z}, string(msg)); len(found) > 0 {
			t.Error(found)
		}
		z[otherName] = z[keyName] // not the key that has signed
		found := check(t, preflight.Config{Resolver: z}, string(msg))
		if len(found) != 1 || found[0].Kind != preflight.DKIMFails || found[0].Where != otherName {
			t.Errorf("one bad: %v", found)
		}
		z[keyName] = []string{"v=DKIM1; k=ed25519; p="}
		found = check(t, preflight.Config{Resolver: z}, string(msg))
		if len(found) != 2 || found[0].Text == found[1].Text {
			t.Errorf("both bad: %v", found)
		}
		for _, f := range found {
			if f.Kind != preflight.DKIMFails || strings.Contains(f.Text, "revoked") != (f.Where == keyName) {
				t.Errorf("both bad: %v", f)
			}
		}
	}
}

// TestSubdomainPolicy: the record of the organization is asked for where the
// domain has none.
func TestSubdomainPolicy(t *testing.T) {
	z := goodZone()
	s, err := dkim.New(dkim.Config{Keys: []dkim.Key{signingKey}, Now: atNow})
	if err != nil {
		t.Fatal(err)
	}
	_, unsigned, _ := strings.Cut(newsletter, "b=NDU2\r\n")
	msg, err := s.Sign([]byte(replace(t, unsigned, "news@example.com", "news@a.b.example.com")))
	if err != nil {
		t.Fatal(err)
	}
	if found := check(t, preflight.Config{Resolver: z}, string(msg)); len(found) > 0 {
		t.Error(found)
	}
	z["_dmarc.a.b.example.com"] = []string{"v=DMARC1; p=reject; aspf=s"}
	if found := kinds(check(t, preflight.Config{Resolver: z}, string(msg))); !slices.Equal(found, []preflight.Kind{preflight.ReturnPathUnaligned}) {
		t.Error(found)
	}
}

// TestContextEnds: look-ups that are cut short are findings, one for each name.
func TestContextEnds(t *testing.T) {
	checker, err := preflight.New(preflight.Config{Resolver: goodZone(), Now: atNow})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	found := checker.Check(ctx, []byte(signed()), returnPath)
	for _, f := range found {
		if f.Kind != preflight.LookupFailed || !strings.Contains(f.Text, context.Canceled.Error()) {
			t.Error(f)
		}
	}
	if len(found) != 3 {
		t.Error(found)
	}
}

// TestResolver: the standard library's is one.
func TestResolver(t *testing.T) {
	r := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no network in tests")
	}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	checker, err := preflight.New(preflight.Config{Resolver: r, Now: atNow})
	if err != nil {
		t.Fatal(err)
	}
	found := checker.Check(ctx, []byte(signed()), returnPath)
	if len(found) == 0 {
		t.Error("nothing found")
	}
	for _, f := range found {
		if f.Kind != preflight.LookupFailed {
			t.Error(f)
		}
	}
}

// every is a DNS in which each name has the same record.
type every struct{ record string }

func (e every) LookupTXT(context.Context, string) ([]string, error) { return []string{e.record}, nil }

// TestDMARCWithoutPolicy is a warning, and an unknown policy an error.
func TestDMARCWithoutPolicy(t *testing.T) {
	for record, want := range map[string]preflight.Severity{"v=DMARC1; sp=none": preflight.Warning, "v=DMARC1; p=maybe": preflight.Error} {
		z := goodZone()
		z[dmarcName] = []string{record}
		if found := check(t, preflight.Config{Resolver: z}, signed()); len(found) != 1 || found[0].Severity != want {
			t.Errorf("%s: %v", record, found)
		}
	}
}
