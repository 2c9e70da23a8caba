package main

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
)

//go:embed assets
var assets embed.FS

// Policies for pages and for what comes from mails. Scripts are nowhere allowed:
// the pages have none.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// The frame's content has no origin (sandbox), and may open links in tabs that
	// are not sandboxed.
	framePolicy = "default-src 'none'; img-src data:%[1]s; media-src data:%[1]s; font-src data:%[1]s; style-src 'unsafe-inline'%[1]s; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
	remoteSources  = " https: http:"
	downloadPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"
)

// A handler serves the pages.
type handler struct {
	editions *editions
	mux      *http.ServeMux
}

func newHandler(e *editions) *handler {
	h := &handler{editions: e, mux: http.NewServeMux()}
	h.mux.HandleFunc("GET /{$}", h.index)
	h.mux.HandleFunc("GET /style.css", h.styleSheet)
	h.mux.HandleFunc("GET /go", h.find)
	for _, tab := range tabs {
		h.mux.HandleFunc("GET /row/{row}/"+tab.Name, h.tab(tab))
	}
	h.mux.HandleFunc("GET /row/{row}/{$}", h.row)
	h.mux.HandleFunc("GET /row/{row}/frame", h.frame)
	h.mux.HandleFunc("GET /row/{row}/mail.eml", h.download)
	h.mux.HandleFunc("GET /row/{row}/part/{part}", h.part)
	h.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, &pageError{http.StatusNotFound, fmt.Errorf("there is no page %s", r.URL.Path)})
	})
	return h
}

// ServeHTTP refuses requests for another host before anything is looked at: a
// page of a site whose name was made to lead here would be of the same origin.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", pagePolicy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("X-DNS-Prefetch-Control", "off") // of the hosts of links
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("Cache-Control", "no-store")
	if !isLoopback(hostname(r.Host)) {
		http.Error(w, "preview: not for this host", http.StatusMisdirectedRequest)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// hostname cuts the port off. The port may be any: the way here may lead through
// a tunnel.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// A pageError is one with a status of HTTP.
type pageError struct {
	status int
	err    error
}

func (e *pageError) Error() string { return e.err.Error() }
func (e *pageError) Unwrap() error { return e.err }

func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	var known *pageError
	if errors.As(err, &known) {
		status = known.status
	}
	show(w, status, "failure", failurePage{Title: http.StatusText(status), Text: err.Error(), Path: r.URL.Path})
}

func (h *handler) styleSheet(w http.ResponseWriter, r *http.Request) {
	data, err := assets.ReadFile("assets/style.css")
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write(data) // if it cannot be read there, nobody is left to tell
}

// chosen returns the row that the path names.
func (h *handler) chosen(r *http.Request) (*edition, row, error) {
	e, err := h.editions.latest()
	if err != nil {
		return nil, row{}, err
	}
	number, err := strconv.Atoi(r.PathValue("row"))
	if err != nil || number < 1 || number > e.recipients.count() {
		return nil, row{}, &pageError{http.StatusNotFound, fmt.Errorf("there is no row %s: they are 1 to %d", r.PathValue("row"), e.recipients.count())}
	}
	return e, e.recipients.row(number), nil
}

// mail returns the mail of the row that the path names.
func (h *handler) mail(r *http.Request) (*mail, error) {
	e, to, err := h.chosen(r)
	if err != nil {
		return nil, err
	}
	m, err := e.mail(to)
	if err != nil {
		return nil, &pageError{http.StatusUnprocessableEntity, err}
	}
	return m, nil
}

// frame serves the HTML of a mail for the frame in the page.
func (h *handler) frame(w http.ResponseWriter, r *http.Request) {
	m, err := h.mail(r)
	if err == nil && m.html == nil {
		err = &pageError{http.StatusNotFound, errors.New("the mail has no HTML")}
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	sources := ""
	if r.URL.Query().Get("remote") == "1" {
		sources = remoteSources
	}
	document, _ := frame(m)
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(framePolicy, sources))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(document)
}

func (h *handler) download(w http.ResponseWriter, r *http.Request) {
	m, err := h.mail(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	save(w, "message/rfc822", "row-"+r.PathValue("row")+".eml", m.raw)
}

func (h *handler) part(w http.ResponseWriter, r *http.Request) {
	m, err := h.mail(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	number, err := strconv.Atoi(r.PathValue("part"))
	if err != nil || number < 0 || number >= len(m.parts) {
		h.fail(w, r, &pageError{http.StatusNotFound, errors.New("there is no such part")})
		return
	}
	p := &m.parts[number]
	name := p.Filename
	if name == "" {
		name = "part-" + p.ID
	}
	save(w, "application/octet-stream", name, p.Content)
}

// save has the browser save data, whatever it is.
func save(w http.ResponseWriter, typ, filename string, data []byte) {
	w.Header().Set("Content-Security-Policy", downloadPolicy)
	w.Header().Set("Content-Type", typ)
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": filename})
	w.Header().Set("Content-Disposition", cmp.Or(disposition, "attachment"))
	w.Write(data)
}
