package poollog

import (
	"regexp"
	"strings"
)

// People are those whom a text may speak of by their local part alone.
type people struct {
	words map[string]string // a local part in lower case, and the address
	odd   []oddName
}

// An oddName is a local part that is not one word.
type oddName struct {
	pattern *regexp.Regexp
	address string
}

func newPeople(addresses ...string) *people {
	p := &people{words: map[string]string{}}
	for _, a := range addresses {
		p.add(a)
	}
	return p
}

func (p *people) empty() bool { return p == nil || len(p.words) == 0 && len(p.odd) == 0 }

// add makes an address known, also without the detail behind a plus sign.
func (p *people) add(address string) {
	for _, name := range names(address) {
		if word.FindString(name) == name {
			p.words[strings.ToLower(name)] = address
		} else {
			p.odd = append(p.odd, oddName{regexp.MustCompile("(?i)" + regexp.QuoteMeta(name)), address})
		}
	}
}

// drop is the inverse of add.
func (p *people) drop(address string) {
	for _, name := range names(address) {
		if at := strings.ToLower(name); p.words[at] == address {
			delete(p.words, at)
		}
	}
	kept := p.odd[:0]
	for _, o := range p.odd {
		if o.address != address {
			kept = append(kept, o)
		}
	}
	p.odd = kept
}

// find returns the address of a name, "" if nobody has it.
func (p *people) find(name string) string { return p.words[strings.ToLower(name)] }

// names are the forms in which a local part may come back.
func names(address string) []string {
	local := address
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		local = address[:at]
	}
	all := []string{local}
	if n := len(local); n > 2 && local[0] == '"' && local[n-1] == '"' {
		quoted := local[1 : n-1]
		all = []string{quoted, strings.ReplaceAll(quoted, `\`, "")}
	}
	if base, _, tagged := strings.Cut(local, "+"); tagged && base != "" {
		all = append(all, base)
	}
	if local == "" {
		return nil
	}
	return all
}

// remembered is how many of those last written to a session are remembered: at
// least the recipients of a transaction.
const remembered = 1000

// A roster is the people that a session has lately written to.
type roster struct {
	people
	last []string // a ring
	next int
}

func newRoster() *roster { return &roster{people: *newPeople()} }

// note makes an address known, in place of the one that has been so for longest.
func (r *roster) note(address string) {
	if len(r.last) < remembered {
		r.last = append(r.last, address)
	} else {
		r.drop(r.last[r.next])
		r.last[r.next] = address
	}
	r.next = (r.next + 1) % remembered
	r.add(address)
}
