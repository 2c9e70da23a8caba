package message

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Request reads a request that came to the URL, of the kinds that come:
//
//   - A POST with List-Unsubscribe=One-Click: a mail reader's button (RFC 8058
//     3.2). oneClick is true; unsubscribe the recipient, and answer 200
//     without asking anything.
//   - A GET, or any other: a person who followed the link, or a program that
//     looks at all links. oneClick is false; show a page with a button, and
//     unsubscribe nobody.
//
// The token is taken from the query parameter that has "{token}" in the URL, which is
// "token" where none has or, where the URL has "{token}" in its path, from the
// wildcard of that name in the ServeMux's pattern. The error is ErrBadToken for a token that is none, or what came of
// reading the body, of which 64 KB are read at most; answer 400 then.
func (o *OneClick) Request(r *http.Request) (recipient string, oneClick bool, err error) {
	token := r.PathValue("token")
	if token == "" {
		token = r.URL.Query().Get(cmp.Or(o.param, "token"))
		if o.prefix+o.suffix != "" {
			within, ok := strings.CutPrefix(token, o.prefix)
			token, _ = strings.CutSuffix(within, o.suffix)
			if !ok {
				return "", false, ErrBadToken
			}
		}
	}
	if recipient, err = o.Verify(token); err != nil || r.Method != http.MethodPost {
		return recipient, false, err
	}
	const most = 64 << 10
	r.Body = http.MaxBytesReader(nil, r.Body, most)
	// The body is multipart/form-data or a plain form, for which
	// ParseMultipartForm has no error.
	if err = r.ParseForm(); err == nil {
		err = r.ParseMultipartForm(most)
	}
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return "", false, fmt.Errorf("message: unsubscribe request: %w", err)
	}
	return recipient, r.PostForm.Get("List-Unsubscribe") == "One-Click", nil
}
