// Package shipped has the newsletter that the examples send and show where no
// other is given, and whom it goes to.
package shipped

import "embed"

// Files are newsletter.txt and newsletter.html, which are templates that want
// the fields email, name, city and plan; shelf.png, which the HTML shows; and
// recipients.csv.
//
//go:embed newsletter.txt newsletter.html shelf.png recipients.csv
var Files embed.FS

// Subject is the template of the subject.
const Subject = "Long evenings, short stories: October in the Reading Room{{with .name}}, {{.}}{{end}}"
