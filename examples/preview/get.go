package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// get prints one page, following redirections as a browser does.
func get(ctx context.Context, h http.Handler, path string, stdout io.Writer) (code int, err error) {
	const hops = 5
	for range hops {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
		if err != nil || !strings.HasPrefix(path, "/") {
			return 0, fmt.Errorf("-get: %q is no path, such as /row/1/text", path)
		}
		a := &answer{header: http.Header{}, status: http.StatusOK}
		h.ServeHTTP(a, r)
		if location := a.header.Get("Location"); location != "" {
			path = location
			continue
		}
		if _, err := stdout.Write(a.body.Bytes()); err != nil {
			return 0, err
		}
		if a.status != http.StatusOK {
			return exitPage, nil
		}
		return exitDone, nil
	}
	return 0, fmt.Errorf("-get: %d redirections", hops)
}

// An answer is a response in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
