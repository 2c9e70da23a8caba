package main

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bulksmtp/bulksmtp/message/dkim"
	"github.com/bulksmtp/bulksmtp/message/preflight"
)

// Bounds of what one page shows.
const (
	perPage   = 50
	maxSource = 256 << 10 // octets of the source; the rest can be saved
)

// A tab is one view of a mail.
type tab struct{ Name, Title string }

var tabs = []tab{
	{"html", "HTML"},
	{"text", "Text"},
	{"source", "Source"},
	{"headers", "Headers"},
	{"findings", "Findings"},
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"size": size,
}).ParseFS(assets, "assets/*.html"))

// size tells a number of octets to a person.
func size(n int) string {
	switch {
	case n < 1000:
		return strconv.Itoa(n) + " bytes"
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// show writes a page whole or not at all.
func show(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

type failurePage struct{ Title, Text, Path string }

// An indexPage lists recipients.
type indexPage struct {
	Title       string
	Query       string
	Columns     []string // beside the address
	Rows        []indexRow
	First, Last int // rows shown
	Count       int
	More        bool // rows match beyond those shown
	Previous    int  // page; 0: none
	Next        int
}

type indexRow struct {
	Number, Line int
	Email        string
	Values       []string
	Err          error
}

func (h *handler) index(w http.ResponseWriter, r *http.Request) {
	e, err := h.editions.latest()
	if err != nil {
		h.fail(w, r, err)
		return
	}
	p := &indexPage{Title: "Recipients", Query: strings.TrimSpace(r.URL.Query().Get("q")), Count: e.recipients.count()}
	p.Columns = slices.Delete(slices.Clone(e.recipients.header), e.recipients.email, e.recipients.email+1)
	for _, n := range p.choose(e.recipients, r.URL.Query().Get("page")) {
		p.Rows = append(p.Rows, p.line(e.recipients.row(n)))
	}
	show(w, http.StatusOK, "index", p)
}

// choose returns the numbers of the rows to show.
func (p *indexPage) choose(rcpts *recipients, page string) []int {
	if p.Query != "" {
		found := rcpts.search(p.Query, perPage+1)
		p.More = len(found) > perPage
		return found[:min(perPage, len(found))]
	}
	last := (p.Count + perPage - 1) / perPage
	number, err := strconv.Atoi(page)
	if err != nil {
		number = 1
	}
	number = min(max(1, number), last)
	p.First, p.Last = (number-1)*perPage+1, min(number*perPage, p.Count)
	p.Previous = number - 1
	if number < last {
		p.Next = number + 1
	}
	var list []int
	for n := p.First; n <= p.Last; n++ {
		list = append(list, n)
	}
	return list
}

func (p *indexPage) line(to row) indexRow {
	l := indexRow{Number: to.number, Line: to.line, Email: to.email, Err: to.err}
	if to.err == nil {
		for _, name := range p.Columns {
			l.Values = append(l.Values, to.fields[name])
		}
	}
	return l
}

// find leads from what was typed into the picker to a recipient: the number of a
// row, an address, or else all rows that hold it.
func (h *handler) find(w http.ResponseWriter, r *http.Request) {
	e, err := h.editions.latest()
	if err != nil {
		h.fail(w, r, err)
		return
	}
	query := r.URL.Query()
	q := strings.TrimSpace(query.Get("q"))
	number, err := strconv.Atoi(q)
	if err != nil {
		number = e.recipients.byAddress(q)
	}
	if q == "" || number < 1 || number > e.recipients.count() {
		http.Redirect(w, r, "/?"+url.Values{"q": {q}}.Encode(), http.StatusSeeOther)
		return
	}
	name := "html"
	if i := slices.IndexFunc(tabs, func(t tab) bool { return t.Name == query.Get("tab") }); i >= 0 {
		name = tabs[i].Name
	}
	http.Redirect(w, r, link(number, name, view(query)), http.StatusSeeOther)
}

func (h *handler) row(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "html", http.StatusSeeOther)
}

// A viewing is how the HTML is shown.
type viewing struct{ Phone, Remote bool }

func view(query url.Values) viewing {
	return viewing{Phone: query.Get("width") == "phone", Remote: query.Get("remote") == "1"}
}

// link returns the URL of a page about a row.
func link(number int, name string, v viewing) string {
	query := url.Values{}
	if v.Phone {
		query.Set("width", "phone")
	}
	if v.Remote {
		query.Set("remote", "1")
	}
	target := fmt.Sprintf("/row/%d/%s", number, name)
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target
}

// A mailPage shows one mail in one of the tabs.
type mailPage struct {
	Title  string
	Tab    tab
	Tabs   []tab
	View   viewing
	Row    row
	Number int
	Count  int
	Err    error // there is no mail; all below is empty
	Size   int

	From, To, Subject, Date string
	Fields                  []field
	Parts                   []part
	HTML                    bool
	Remote                  int
	Text                    string
	HasText                 bool
	Source                  string
	Cut                     bool
	Findings                []preflight.Finding // errors first
	Errors, Warnings        int
	DNS                     bool
	Records                 []dkim.Record // none: not signed here
}

func (p *mailPage) Name() string  { return p.Row.name() }
func (p *mailPage) Email() string { return p.Row.email }

// Link is for the templates: the page of another row, in the same view.
func (p *mailPage) Link(number int, name string) string { return link(number, name, p.View) }

func (p *mailPage) Previous() int { return p.Number - 1 }

// Next is 0 behind the last row.
func (p *mailPage) Next() int { return (p.Number + 1) % (p.Count + 1) }

// Links counts what is remote.
func (p *mailPage) Links() string {
	if p.Remote == 1 {
		return "1 link"
	}
	return strconv.Itoa(p.Remote) + " links"
}

// Width is the present page with the HTML in that width.
func (p *mailPage) Width(phone bool) string {
	return link(p.Number, p.Tab.Name, viewing{phone, p.View.Remote})
}

// Loading is the present page with remote content or without.
func (p *mailPage) Loading(remote bool) string {
	return link(p.Number, p.Tab.Name, viewing{p.View.Phone, remote})
}

func (h *handler) tab(t tab) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e, to, err := h.chosen(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		p := &mailPage{
			Tab: t, Tabs: tabs, View: view(r.URL.Query()), Row: to, Number: to.number, Count: e.recipients.count(),
			Title: fmt.Sprintf("Row %d: %s", to.number, t.Title), DNS: h.editions.options.checkDNS, Records: e.content.records,
		}
		m, err := e.mail(to)
		status := http.StatusOK
		if err != nil {
			p.Err, status = err, http.StatusUnprocessableEntity
		} else {
			p.fill(m)
		}
		show(w, status, "mail", p)
	}
}

func (p *mailPage) fill(m *mail) {
	p.Size = len(m.raw)
	p.From, p.To, p.Subject, p.Date = m.get("From"), m.get("To"), m.get("Subject"), m.get("Date")
	p.Fields, p.Parts = m.fields, m.parts
	if p.HTML = m.html != nil; p.HTML {
		_, p.Remote = frame(m)
	}
	if p.HasText = m.text != nil; p.HasText {
		p.Text = string(m.text.Content)
	}
	p.Cut = len(m.raw) > maxSource
	p.Source = strings.ReplaceAll(string(m.raw[:min(maxSource, len(m.raw))]), "\r\n", "\n")
	p.Findings = slices.Clone(m.findings)
	slices.SortStableFunc(p.Findings, func(a, b preflight.Finding) int { return int(b.Severity) - int(a.Severity) })
	for _, f := range p.Findings {
		if f.Severity == preflight.Error {
			p.Errors++
		} else {
			p.Warnings++
		}
	}
}
