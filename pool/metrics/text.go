package metrics

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// contentType is that of Prometheus' text format.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// ServeHTTP implements http.Handler: it answers GET and HEAD with the metrics of
// now in Prometheus' text format, version 0.0.4, whatever the path.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", contentType)
	if r.Method == http.MethodHead {
		return
	}
	_ = WriteText(w, e.Collect()) // who asked has gone
}

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// WriteText writes metrics in Prometheus' text format, version 0.0.4. The error
// is the writer's.
func WriteText(w io.Writer, metrics []Metric) error {
	b := bufio.NewWriter(w) // keeps the first error
	for i := range metrics {
		m := &metrics[i]
		b.WriteString("# HELP " + m.Name + " ")
		helpEscapes.WriteString(b, m.Help)
		b.WriteString("\n# TYPE " + m.Name + " " + m.Type.String() + "\n")
		for _, s := range m.Samples {
			b.WriteString(m.Name)
			writeLabels(b, m.Labels, s.Labels)
			b.WriteByte(' ')
			b.WriteString(strconv.FormatFloat(s.Value, 'g', -1, 64))
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}

func writeLabels(b *bufio.Writer, names, values []string) {
	if len(names) == 0 {
		return
	}
	for i, name := range names {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(name + `="`)
		labelEscapes.WriteString(b, values[i])
		b.WriteByte('"')
	}
	b.WriteByte('}')
}
