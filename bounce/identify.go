package bounce

import (
	"errors"
	"strings"
)

// identify finds out who the recipients are, as the sender knows them.
func (p *Parser) identify(out *Report, m *parts) {
	if out.Kind != Other {
		out.Who, out.WhoSource = p.whole(out, m)
	}
	for i := range out.Recipients {
		r := &out.Recipients[i]
		switch {
		case out.WhoSource != FromReport:
			r.Who, r.WhoSource = out.Who, out.WhoSource
		case strings.Contains(r.Original, "@"):
			r.Who = r.Original
		default:
			r.Who = r.Address
		}
	}
	if out.Who == "" && len(out.Recipients) == 1 {
		out.Who = out.Recipients[0].Who
	}
}

// whole identifies the recipient that the mail as a whole is about: a return path
// that VERP makes was made for one.
func (p *Parser) whole(out *Report, m *parts) (who string, by Source) {
	if who := p.byVERP(out, m); who != "" {
		return who, FromVERP
	}
	if p.config.HeaderField == "" || out.Original == nil || !out.Kind.IsBounce() && out.Kind != Feedback {
		return "", FromReport
	}
	v := out.Original.Field(p.config.HeaderField)
	if v == "" {
		return "", FromReport
	}
	if p.config.Header == nil {
		if a, ok := bareAddress(v); ok {
			return a, FromHeader
		}
		return "", FromReport
	}
	if who, err := p.config.Header(v); err == nil && who != "" {
		return who, FromHeader
	}
	return "", FromReport
}

// byVERP returns the recipient that a return path names, "" if none does.
func (p *Parser) byVERP(out *Report, m *parts) string {
	if p.config.VERP == nil {
		return ""
	}
	var errs []error
	for _, path := range returnPaths(out, m) {
		who, err := p.config.VERP(path)
		if err == nil && who != "" {
			return who
		}
		errs = append(errs, err)
	}
	out.VERPErr = errors.Join(errs...)
	return ""
}

// returnPaths returns the addresses that may be the return path of the sender's
// message: where this mail came to, the surest first, and what a report or the
// returned message says.
func returnPaths(out *Report, m *parts) (paths []string) {
	add := func(v string) {
		for from := 0; len(paths) < 50; {
			a, ok := nextAddress(v, from)
			if !ok {
				return
			}
			paths = append(paths, a.address)
			from = a.end
		}
	}
	for _, name := range [...]string{
		"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "X-Rcpt-To", "To",
		"Cc", "X-Forwarded-To",
	} {
		for _, v := range m.header.all(name) {
			add(v)
		}
	}
	if out.Feedback != nil {
		add(out.Feedback.MailFrom)
	}
	if out.Original != nil && out.Kind != AutoReply {
		h, _ := parseHeader(out.Original.Header)
		for _, name := range [...]string{"Return-Path", "X-Envelope-From", "Envelope-From", "Sender", "Errors-To"} {
			for _, v := range h.all(name) {
				add(v)
			}
		}
	}
	return paths
}
