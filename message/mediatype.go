package message

import (
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bulksmtp/bulksmtp/internal/address"
)

// typesByExtension holds what people mail. mime.TypeByExtension would also read
// the machine's tables, and the same message would differ from host to host.
var typesByExtension = map[string]string{
	".avif": "image/avif",
	".bmp":  "image/bmp",
	".css":  "text/css; charset=utf-8",
	".csv":  "text/csv; charset=utf-8",
	".doc":  "application/msword",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".eml":  "message/rfc822",
	".gif":  "image/gif",
	".gz":   "application/gzip",
	".htm":  "text/html; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".ics":  "text/calendar; charset=utf-8",
	".jpeg": "image/jpeg",
	".jpg":  "image/jpeg",
	".json": "application/json",
	".md":   "text/markdown; charset=utf-8",
	".mp3":  "audio/mpeg",
	".mp4":  "video/mp4",
	".odp":  "application/vnd.oasis.opendocument.presentation",
	".ods":  "application/vnd.oasis.opendocument.spreadsheet",
	".odt":  "application/vnd.oasis.opendocument.text",
	".pdf":  "application/pdf",
	".png":  "image/png",
	".ppt":  "application/vnd.ms-powerpoint",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".svg":  "image/svg+xml",
	".tif":  "image/tiff",
	".tiff": "image/tiff",
	".txt":  "text/plain; charset=utf-8",
	".vcf":  "text/vcard; charset=utf-8",
	".webp": "image/webp",
	".xls":  "application/vnd.ms-excel",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".xml":  "application/xml",
	".zip":  "application/zip",
}

// mediaType gives the attachment's type: the one that was set, or else the one
// that is guessed.
func (a *Attachment) mediaType(allow8bit bool) (string, map[string]string, error) {
	if a.ContentType == "" {
		return a.guessType(allow8bit)
	}
	typ, params, err := mime.ParseMediaType(a.ContentType)
	if err == nil && !strings.Contains(typ, "/") {
		err = errors.New("no subtype")
	}
	return typ, params, err
}

// guessType gives the type of the extension, or else what the content looks
// like. A guess must not make the attachment impossible, nor name a charset
// that the content is not in.
func (a *Attachment) guessType(allow8bit bool) (string, map[string]string, error) {
	t := typesByExtension[strings.ToLower(path.Ext(a.baseName()))]
	if isMessageType(t) && !isMailData(a.Content, allow8bit) {
		t = "application/octet-stream"
	}
	if t == "" {
		t = http.DetectContentType(a.Content)
	}
	typ, params, err := mime.ParseMediaType(t)
	if params["charset"] == "utf-8" && !utf8.Valid(a.Content) {
		delete(params, "charset")
	}
	return typ, params, err
}

// baseName gives the file name without the path that may be before it.
func (a *Attachment) baseName() string {
	return a.Filename[strings.LastIndexAny(a.Filename, `/\`)+1:]
}

// checkType refuses types that the transfer encoding of an attachment, base64,
// is not allowed for (RFC 2045 6.4, RFC 2046 5.2.1).
func (a *Attachment) checkType(allow8bit bool) error {
	typ, params, err := a.mediaType(allow8bit)
	if err != nil {
		return fmt.Errorf("%s: %w", excerpt(a.ContentType), err)
	}
	if strings.HasPrefix(typ, "multipart/") {
		return fmt.Errorf("%s cannot be attached as it is", typ)
	}
	if isMessageType(typ) && !isMailData(a.Content, allow8bit) {
		return fmt.Errorf("%s needs content in lines of 998 octets at most, 7-bit unless EightBit is set", typ)
	}
	for name, value := range params {
		if checkText("", value) != nil || len(name) > maxParamName {
			return fmt.Errorf("parameter %s", excerpt(name))
		}
	}
	if len(typ) > maxTypeName {
		return ErrTooLong
	}
	return nil
}

func isMessageType(typ string) bool { return strings.HasPrefix(typ, "message/") }

const (
	maxTypeName  = 200
	maxParamName = 30
	paramWidth   = 74 // of one parameter with its semicolon, on a line of its own
	enmimeFold   = 76 // the length, CRLF included, from which enmime folds a field
)

// formatMedia writes the value of Content-Type or Content-Disposition for the
// named field. Values that are not ASCII, or too long for a line, take the form
// of RFC 2231, which every reader of the last twenty years knows; enmime would put
// encoded words into quoted strings, where RFC 2047 5 forbids them, on one line of any length.
//
// enmime folds the value at its spaces; so there are none inside of a
// parameter if it is going to.
func formatMedia(name, value string, params map[string]string) string {
	media := joinParams(value, params, true)
	if len(name)+len(": \r\n")+len(media) >= enmimeFold {
		media = joinParams(value, params, false)
	}
	return media
}

func joinParams(value string, params map[string]string, spaces bool) string {
	parts := []string{value}
	for _, k := range slices.Sorted(maps.Keys(params)) {
		parts = append(parts, formatParam(k, params[k], spaces)...)
	}
	return strings.Join(parts, "; ")
}

// formatParam writes one parameter, in several pieces if it is long.
func formatParam(key, value string, spaces bool) []string {
	plain := address.IsASCII(value) && !strings.Contains(value, "=?") && !strings.ContainsRune(value, '\t') &&
		(spaces || !strings.Contains(value, " "))
	if plain {
		s := key + "=" + value
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return !isTokenChar(byte(r)) }) {
			s = key + "=" + string(appendQuoted(nil, value))
		}
		if len(s) <= paramWidth {
			return []string{s}
		}
	}
	return extendedParam(key, value)
}

// extendedParam writes RFC 2231 4, with the continuations of RFC 2231 3 when
// one line does not hold it.
func extendedParam(key, value string) []string {
	const charset = "utf-8''"
	if s := key + "*=" + charset + percentEncode(value, isAttributeChar); len(s) <= paramWidth {
		return []string{s}
	}
	var parts []string
	piece := key + "*0*=" + charset
	for i := range len(value) {
		c := percentEncode(value[i:i+1], isAttributeChar)
		if len(piece)+len(c) > paramWidth {
			parts = append(parts, piece)
			piece = fmt.Sprintf("%s*%d*=", key, len(parts))
		}
		piece += c
	}
	return append(parts, piece)
}

// isTokenChar reports an octet of a token (RFC 2045 5.1).
func isTokenChar(c byte) bool {
	return c > ' ' && c <= '~' && strings.IndexByte(`()<>@,;:\"/[]?=`, c) < 0
}

// isAttributeChar reports an attribute-char of RFC 2231 7.
func isAttributeChar(c byte) bool {
	return isTokenChar(c) && c != '*' && c != '\'' && c != '%'
}

func percentEncode(s string, plain func(byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// contentID gives the content ID without angle brackets, as the header has it.
// What RFC 5322 allows stays as it is, so that a "cid:" URL names it literally;
// enmime would encode a plus sign too, and no reader would find the part.
func (a *Attachment) contentID(inline bool) string {
	id := strings.TrimSuffix(strings.TrimPrefix(a.ContentID, "<"), ">")
	if id == "" && inline {
		id = a.baseName()
	}
	if !strings.ContainsFunc(id, func(r rune) bool { return r > '~' || !isIDChar(byte(r)) }) {
		return id
	}
	return percentEncode(id, func(c byte) bool { return isIDChar(c) && c != '%' && c != '+' })
}

func isIDChar(c byte) bool { return address.IsAtext(c) || c == '.' || c == '@' }
