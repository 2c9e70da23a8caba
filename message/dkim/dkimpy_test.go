package dkim_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
	"github.com/bulksmtp/bulksmtp/message/dkim"
)

// TestDkimpy has Python's dkimpy verify the messages, in each canonicalization. It
// needs Debian: see package interop.
func TestDkimpy(t *testing.T) {
	keys := []dkim.Key{edSigningKey(), rsaSigningKey()}
	keys[0].Identifier = "news@mail.example.com"
	var names []string
	var input struct {
		Records  map[string]string `json:"records"`
		Messages [][]byte          `json:"messages"`
	}
	input.Records = zone(t, keys...)
	add := func(name string, msg []byte) {
		names, input.Messages = append(names, name), append(input.Messages, msg)
	}
	var signed []byte
	for _, header := range []dkim.Canonicalization{dkim.Relaxed, dkim.Simple} {
		for _, body := range []dkim.Canonicalization{dkim.Relaxed, dkim.Simple} {
			s := newSigner(t, dkim.Config{Keys: keys, Header: header, Body: body})
			for _, name := range slices.Sorted(maps.Keys(messages)) {
				if name == "signed before" || name == "obsolete" {
					continue // not ours, and what dkimpy does not read
				}
				var err error
				if signed, err = s.Sign([]byte(messages[name])); err != nil {
					t.Fatal(err)
				}
				if !bytes.HasSuffix(signed, []byte("\r\n")) {
					signed = append(signed, "\r\n"...) // as SMTP has it
				}
				add(header.String()+"/"+body.String()+" "+name, signed)
			}
		}
	}
	// What must not verify, so that what does means something.
	good := len(names)
	add("body changed", append(slices.Clone(signed), 'x'))
	add("From added", append([]byte("From: x@example.com\r\n"), signed...))

	data, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	var results [][]string
	if err := json.Unmarshal(interop.Run(t, "dkimpy", data), &results); err != nil {
		t.Fatal(err)
	}
	if len(results) != len(names) {
		t.Fatalf("%d results for %d messages", len(results), len(names))
	}
	for i, result := range results {
		if len(result) != len(keys) {
			t.Errorf("%s: %d signatures", names[i], len(result))
		}
		for k, wrong := range result {
			if (wrong == "") != (i < good) {
				t.Errorf("%s: signature %d: %q\n%q", names[i], k, wrong, input.Messages[i])
			}
		}
	}
}
