package dkim

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A Signer signs messages. It is safe for concurrent use.
type Signer struct {
	keys         []signingKey
	names        names
	header, body Canonicalization
	expire       int64 // seconds, 0: never
	now          func() time.Time

	scratch sync.Pool // of *scratch
}

// A scratch is what signing one message needs.
type scratch struct {
	fields  []field
	first   []int32 // by index in names.list: the last field of that name; -1: none
	list    []byte  // the value of h=
	canon   []byte  // the fields as they are hashed
	body    []byte
	relaxed []byte
	digest  [sha256.Size]byte
	last    memory
}

// Sign returns a copy of msg with the signatures in front of it. Msg has to be
// complete, header and body, as it will be sent.
//
// The error wraps ErrNewline, ErrHeader, ErrFrom, or what a Key's Signer says.
func (s *Signer) Sign(msg []byte) ([]byte, error) {
	return s.AppendSigned(nil, msg)
}

// AppendSigned appends the signatures and then msg to dst, which must not overlap
// msg. It is Sign for who has a buffer. In case of an error it returns dst as
// it was.
func (s *Signer) AppendSigned(dst, msg []byte) ([]byte, error) {
	size := len(msg)
	for i := range s.keys {
		size += s.keys[i].size
	}
	signed, err := s.AppendSignatures(slices.Grow(dst, size), msg)
	if err != nil {
		return dst, err
	}
	return append(signed, msg...), nil
}

// AppendSignatures appends the DKIM-Signature fields for msg to dst, one for each
// key in the order of Config.Keys, each CRLF at its end: what is to be sent in
// front of msg. In case of an error it returns dst as it was.
func (s *Signer) AppendSignatures(dst, msg []byte) ([]byte, error) {
	if len(s.keys) == 0 {
		return dst, ErrNoKey // a Signer that New has not made
	}
	if !isClean(msg) {
		return dst, ErrNewline
	}
	sc := s.scratch.Get().(*scratch)
	defer s.scratch.Put(sc)
	body, err := sc.split(msg, &s.names)
	if err != nil {
		return dst, err
	}
	// From is the first of the names.
	if from := sc.first[0]; from < 0 || sc.fields[from].next >= 0 {
		return dst, ErrFrom
	}
	sc.collect(msg, s)
	var hash [sha256Base64]byte
	bodyHash := sc.hashBody(body, s.body)
	base64.StdEncoding.Encode(hash[:], bodyHash[:])
	now := s.now().Unix()
	signed := dst
	for i := range s.keys {
		if signed, err = s.sign(signed, sc, &s.keys[i], hash[:], now); err != nil {
			return dst, err
		}
	}
	return signed, nil
}

// sha256Base64 is the length of a hash in base64.
const sha256Base64 = (sha256.Size + 2) / 3 * 4

// sign appends one signature.
func (s *Signer) sign(dst []byte, sc *scratch, k *signingKey, bodyHash []byte, now int64) ([]byte, error) {
	start := len(dst)
	dst = append(dst, k.head...)
	dst = strconv.AppendInt(append(dst, " t="...), now, 10)
	if s.expire > 0 {
		dst = strconv.AppendInt(append(dst, "; x="...), now+s.expire, 10)
	}
	dst = appendList(append(dst, ";\r\n h="...), sc.list)
	dst = append(append(append(dst, ";\r\n bh="...), bodyHash...), ";\r\n b="...)

	// The signature covers its own field, b= empty and no CRLF at the end (3.7).
	shared := len(sc.canon)
	if s.header == Relaxed {
		sc.canon = appendRelaxedField(sc.canon, dst[start:])
		sc.canon = sc.canon[:len(sc.canon)-len("\r\n")]
	} else {
		sc.canon = append(sc.canon, dst[start:]...)
	}
	sc.digest = sha256.Sum256(sc.canon)
	sc.canon = sc.canon[:shared]
	sig, err := k.sign(sc.digest[:])
	if err != nil {
		return nil, err
	}
	return appendSignature(dst, sig), nil
}
