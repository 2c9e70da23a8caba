package message

import "time"

// appendDate appends the date-time of RFC 5322 3.3.
func appendDate(out []byte, t time.Time) []byte {
	out = append(out, "Date: "...)
	out = headerTime(t).AppendFormat(out, time.RFC1123Z)
	return append(out, "\r\n"...)
}

// A dateField is the Date of a second, kept for the next message.
type dateField struct {
	second int64
	zone   *time.Location
	text   []byte // with what is behind it
}

// append appends the field for t, and what is always behind it.
func (d *dateField) append(out []byte, t time.Time, behind []byte) []byte {
	if second, zone := t.Unix(), t.Location(); second != d.second || zone != d.zone {
		d.second, d.zone, d.text = second, zone, append(appendDate(d.text[:0], t), behind...)
	}
	return append(out, d.text...)
}

// headerTime takes a time out of a zone that a header cannot express: one with
// seconds in its offset, as local mean times have, or more than a day off.
func headerTime(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		return t.UTC()
	}
	return t
}

// A clock tells the time of day, which it reads every now and then; between it
// reads only how much time has passed, in less time. Date is in seconds.
type clock struct{ read time.Time }

// mostPassed is how long a change of the system's clock may go unnoticed.
const mostPassed = 10 * time.Millisecond

func (c *clock) now() time.Time {
	if passed := time.Since(c.read); passed < mostPassed {
		return c.read.Add(passed)
	}
	c.read = time.Now()
	return c.read
}
