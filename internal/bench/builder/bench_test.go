package builder_test

import (
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/bench/builder"
)

func BenchmarkBuild(b *testing.B) {
	var readers []*builder.Reader
	for i := range 1024 {
		readers = append(readers, builder.NewReader(i))
	}
	for _, by := range builder.All() {
		b.Run(by.Name, func(b *testing.B) {
			build, err := by.New()
			if err != nil {
				b.Fatal(err)
			}
			var out []byte
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if out, err = build(out[:0], readers[i%1024]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
