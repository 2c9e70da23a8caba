package preflight

import (
	"net/url"
	"strings"
)

// oneClick is the one good value of List-Unsubscribe-Post (RFC 8058 3.1).
const oneClick = "List-Unsubscribe=One-Click"

// checkUnsubscribe has at most one finding: each would only follow from the first.
func (m *mail) checkUnsubscribe() {
	if m.cfg.Transactional {
		return
	}
	v, ok := m.value("List-Unsubscribe")
	if !ok {
		m.find(NoUnsubscribe, "List-Unsubscribe", "there is none: bulk mail must be as easy to leave as a click")
		return
	}
	uris, ok := parseURIs(v)
	if !ok {
		m.find(BadUnsubscribe, "List-Unsubscribe", "%q is not a list of URIs in angle brackets", clip(v))
		return
	}
	count := map[string]int{}
	for _, u := range uris {
		count[strings.ToLower(u.Scheme)]++
	}
	post, ok := m.value("List-Unsubscribe-Post")
	switch {
	case count["http"] > 0:
		m.find(InsecureUnsubscribe, "List-Unsubscribe", "an http: URI: one-click unsubscription needs https:")
	case count["https"] > 1:
		m.find(BadUnsubscribe, "List-Unsubscribe", "%d https: URIs: there must be one", count["https"])
	case count["https"] == 0:
		m.find(NoOneClick, "List-Unsubscribe", "no https: URI")
	case !ok:
		m.find(NoOneClick, "List-Unsubscribe-Post", "there is none")
	case post != oneClick:
		m.find(NoOneClick, "List-Unsubscribe-Post", "it is %q, not %q", clip(post), oneClick)
	}
}

// withoutComments takes out comments (RFC 5322 3.2.2), which may stand between the
// URIs (RFC 2369 2).
func withoutComments(s string) string {
	var out strings.Builder
	depth, inURI := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && depth > 0:
			i++
		case c == '(' && !inURI:
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			inURI = c == '<' || inURI && c != '>'
			out.WriteByte(c)
		}
	}
	return out.String()
}

// parseURIs reads URIs in angle brackets, separated by commas (RFC 2369 2).
func parseURIs(s string) ([]*url.URL, bool) {
	s = withoutComments(s)
	var list []*url.URL
	for {
		inner, rest, ok := strings.Cut(s, ">")
		before, raw, open := strings.Cut(inner, "<")
		if !ok || !open || strings.Trim(before, ", \t") != "" {
			return list, strings.Trim(s, ", \t") == "" && len(list) > 0
		}
		u, err := url.Parse(strings.Join(strings.Fields(raw), "")) // white space in it is from folding
		if err != nil || u.Scheme == "" || u.Scheme != "mailto" && u.Host == "" {
			return nil, false
		}
		list, s = append(list, u), rest
	}
}
