package metrics_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bulksmtp/bulksmtp/pool/metrics"
)

func TestWriteText(t *testing.T) {
	def := func(name, help string, labels ...string) metrics.Definition {
		return metrics.Definition{Name: name, Help: help, Type: metrics.Gauge, Labels: labels}
	}
	for _, tt := range []struct {
		metric metrics.Metric
		want   string
	}{
		{
			metrics.Metric{Definition: metrics.Definition{Name: "a_total", Help: "Number."}, Samples: []metrics.Sample{{Value: 3}}},
			"# HELP a_total Number.\n# TYPE a_total counter\na_total 3\n",
		},
		{
			metrics.Metric{Definition: def("a", "Two\nlines, \\ and \"."), Samples: []metrics.Sample{{Value: 0.25}}},
			"# HELP a Two\\nlines, \\\\ and \".\n# TYPE a gauge\na 0.25\n",
		},
		{
			metrics.Metric{Definition: def("a", "", "x", "y"), Samples: []metrics.Sample{
				{Labels: []string{"\\\n\"", "{é} ,="}, Value: 1e21}, {Labels: []string{"", ""}, Value: -1},
			}},
			"# HELP a \n# TYPE a gauge\na{x=\"\\\\\\n\\\"\",y=\"{é} ,=\"} 1e+21\na{x=\"\",y=\"\"} -1\n",
		},
	} {
		var b strings.Builder
		if err := metrics.WriteText(&b, []metrics.Metric{tt.metric}); err != nil || b.String() != tt.want {
			t.Errorf("%q, %v; want %q", b.String(), err, tt.want)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteTextFails(t *testing.T) {
	all := metrics.New(fixed(busy()), metrics.Config{}).Collect()
	if err := metrics.WriteText(brokenWriter{}, all); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
}

func TestServeHTTP(t *testing.T) {
	e := metrics.New(fixed(busy()), metrics.Config{})
	for _, tt := range []struct {
		method string
		code   int
		body   bool
	}{
		{"GET", 200, true}, {"HEAD", 200, false}, {"POST", 405, false},
	} {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(tt.method, "/any/path", nil))
		body := strings.Contains(w.Body.String(), `bulksmtp_recipients_total{outcome="accepted"} 6`)
		if w.Code != tt.code || body != tt.body {
			t.Errorf("%s: %d, %q", tt.method, w.Code, w.Body)
		}
		if got := w.Header().Get("Content-Type"); tt.code == 200 && got != "text/plain; version=0.0.4; charset=utf-8" {
			t.Errorf("%s: %q", tt.method, got)
		}
		if tt.code == 405 && w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %q", tt.method, w.Header())
		}
	}
}
