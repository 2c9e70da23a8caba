package main

// Quoting follows the quotes of a CSV record, octet by octet, to tell a line end
// that ends the record from one inside of a quoted field. The zero value is at
// the beginning of a record.
type quoting struct {
	at fieldPart
	// muddled: text has come behind a closing quote, so that it was perhaps none:
	// from there on every quote opens or closes.
	muddled bool
}

type fieldPart uint8

const (
	atStart   fieldPart = iota
	inPlain             // a field that does not begin with a quote
	inQuotes            // behind the opening quote
	atClosing           // behind a quote that closes, or is the first of two
)

func (q *quoting) text(s []byte) {
	for _, c := range s {
		q.octet(c)
	}
}

func (q *quoting) octet(c byte) {
	switch {
	case q.at == inQuotes:
		if c == '"' {
			q.at = atClosing
		}
	case q.at == atClosing && c == '"':
		q.at = inQuotes
	case c == ',':
		q.at = atStart
	case c == '"' && (q.at == atStart || q.muddled):
		q.at = inQuotes
	default:
		q.muddled = q.muddled || q.at == atClosing
		q.at = inPlain
	}
}

// lineEnd reports whether the line that ends here is the record's last.
func (q *quoting) lineEnd() bool { return q.at != inQuotes }
