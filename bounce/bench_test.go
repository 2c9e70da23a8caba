package bounce_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/bounce"
)

// BenchmarkParse reads the mails of testdata one after the other, on one core,
// each with a newsletter of 20 KiB behind it as bounces have.
func BenchmarkParse(b *testing.B) {
	names, err := filepath.Glob("testdata/mails/*.eml")
	if err != nil || len(names) == 0 {
		b.Fatal("no mails", err)
	}
	var mails []string
	size := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		text := strings.Replace(string(data), "The news of this month.\n", strings.Repeat("The news of this month, at some length.\r\n", 500), 1)
		mails = append(mails, text)
		size += len(text)
	}
	b.SetBytes(int64(size / len(mails)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := bounce.Parse(strings.NewReader(mails[n%len(mails)])); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mails/s")
}
