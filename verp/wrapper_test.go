package verp_test

import (
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/verp"
)

func TestUnwrap(t *testing.T) {
	tests := []struct{ path, want string }{
		{"prvs=0123abcdef=loc@x.example", "loc@x.example"},
		{"prvs=123abcdef=loc@x.example", "loc@x.example"},
		{"PRVS=0123ABCDEF=Loc@X.example", "Loc@X.example"},
		{"<prvs=loc=0123abcdef@x.example>", "loc@x.example"},
		{"prvs=a=b=0123abcdef@x.example", "a=b@x.example"},
		{"prvs=0123abcdef=a=b@x.example", "a=b@x.example"},
		{"btv1==0123abcdef==a=b@x.example", "a=b@x.example"},
		{"SRS0=HHH=TT=x.example=loc@f.example", "loc@x.example"},
		{"SRS0+HHH=TT=x.example=a=b@f.example", "a=b@x.example"},
		{"SRS1=HHH=f.example==HHH=TT=x.example=loc@g.example", "loc@x.example"},
		{"SRS1-HHH=f.example=-HHH=TT=x.example=loc@g.example", "loc@x.example"},
		{"SRS0=HHH=TT=x.example=prvs=0123abcdef=loc@f.example", "loc@x.example"},
		{`"prvs=0123abcdef=a b"@x.example`, `"a b"@x.example`},

		{"loc@x.example", "loc@x.example"},
		{"<loc@x.example>", "<loc@x.example>"},
		{"", ""},
		{"prvs", "prvs"},
		{"prvs=@x.example", "prvs=@x.example"},
		{"prvs=loc@x.example", "prvs=loc@x.example"},
		{"prvs=a=b@x.example", "prvs=a=b@x.example"},
		{"prvs=abcdef0123=loc@x.example", "prvs=abcdef0123=loc@x.example"}, // no day
		{"prvs=0123abcdef=@x.example", "prvs=0123abcdef=@x.example"},
		{"btv1==loc@x.example", "btv1==loc@x.example"},
		{"SRS0@x.example", "SRS0@x.example"},
		{"SRS0=HHH=TT=loc@f.example", "SRS0=HHH=TT=loc@f.example"},
		{"SRS0=HHH=TT=x.example=@f.example", "SRS0=HHH=TT=x.example=@f.example"},
		{"SRS0xHHH=TT=x.example=loc@f.example", "SRS0xHHH=TT=x.example=loc@f.example"},
		{"SRS1@x.example", "SRS1@x.example"},
		{"SRS1=HHH=f.example=loc@g.example", "SRS1=HHH=f.example=loc@g.example"},
	}
	for _, tt := range tests {
		if got := verp.Unwrap(tt.path); got != tt.want {
			t.Errorf("Unwrap(%q) = %q; want %q", tt.path, got, tt.want)
		}
	}
}

// TestSenderNamedAsAWrapper: such a sender reads its own paths.
func TestSenderNamedAsAWrapper(t *testing.T) {
	for _, sender := range []string{"prvs=0123abcdef=l@o.example", "SRS0@o.example", "btv1==a@o.example"} {
		path, err := verp.Encode(sender, "a@x.example")
		if err != nil {
			t.Fatal(err)
		}
		checkDecode(t, djb, sender, strings.ToUpper(path), "A@x.example")
	}
}
