package bounce

import (
	"os"
	"strings"
	"testing"
)

// TestReplies holds classify against what servers say.
func TestReplies(t *testing.T) {
	data, err := os.ReadFile("testdata/replies.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 3 {
			t.Fatalf("not three cells: %q", line)
		}
		n++
		want, status, text := Class(cells[0]), strings.Trim(cells[1], "-"), cells[2]
		if want == "undefined" {
			want = Undefined
		}
		if status == "" {
			status = findStatus(text).code
		}
		got := classify(text, status, findCode(text))
		if cells[0] == "not-hard" {
			if hard, _ := got.Hard(); hard {
				t.Errorf("%q: %q is hard", text, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if n < 100 {
		t.Fatalf("only %d replies", n)
	}
}
