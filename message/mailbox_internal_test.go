package message

import "testing"

// FuzzPlainMailbox: what passes for plain is what the parser makes of it.
func FuzzPlainMailbox(f *testing.F) {
	for _, s := range []string{"ann@example.org", "a.b+c-d_e@x-y.example", "a@b", "a..b@c", "-a@b", "a-@b", "a@b-", "a@-b", "a@b-.c", "a@b.", "@b", "a@", "a@b@c", "a@b_c", "zoë@b", "a@[1.2.3.4]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isPlainMailbox(s) {
			return
		}
		if mb, err := parseMailbox(s); err != nil || mb.String() != s || mb.UTF8 {
			t.Errorf("%q: %v, %v", s, mb, err)
		}
	})
}
