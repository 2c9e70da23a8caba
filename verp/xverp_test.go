package verp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/verp"
)

func TestSplitXVERP(t *testing.T) {
	fit := []string{"a@x.example", "A+b@X.Example", "a=b@x.example", "o'brien@x.example", strings.Repeat("a", 49) + "@x.example"}
	others := []string{
		"jörg@x.example", "a@bücher.example", `"a b"@x.example`, `"a"@x.example`, "a%b@x.example", "a@[192.0.2.1]",
		strings.Repeat("a", 50) + "@x.example", "a", "",
	}
	delimiters, gotFit, gotOthers, err := postfix.SplitXVERP("list@o.example", slices.Concat(others, fit))
	if delimiters != "+=" || !slices.Equal(gotFit, fit) || !slices.Equal(gotOthers, others) || err != nil {
		t.Errorf("%q, %q, %q, %v", delimiters, gotFit, gotOthers, err)
	}
	if delimiters, _, _, err := djb.SplitXVERP("list@o.example", nil); delimiters != "-=" || err != nil {
		t.Errorf("zero Codec: %q, %v", delimiters, err)
	}
}

func TestSplitXVERPRefuses(t *testing.T) {
	tests := []struct {
		name   string
		codec  verp.Codec
		sender string
		want   error
	}{
		{"escaped", escaped, "list@o.example", verp.ErrUnrepresentable},
		{"sender ends in the delimiter", djb, "list-@o.example", verp.ErrUnrepresentable},
		{"sender with qmail's mark", djb, "list@o.example-@[]", verp.ErrUnrepresentable},
		{"sender with qmail's mark and a delimiter", djb, "list-@o.example-@[]", verp.ErrUnrepresentable},
		{"quoted sender", djb, `"list"@o.example`, verp.ErrUnrepresentable},
		{"null sender", djb, "", verp.ErrMalformed},
	}
	for _, tt := range tests {
		if _, fit, _, err := tt.codec.SplitXVERP(tt.sender, []string{"a@x.example"}); !errors.Is(err, tt.want) || fit != nil {
			t.Errorf("%s: %q, %v; want %v", tt.name, fit, err, tt.want)
		}
	}
}
