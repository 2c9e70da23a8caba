package message

// An Attachment is a file that travels with a [Message].
type Attachment struct {
	// Filename is what the reader sees, in any language; may be empty. Only
	// what is behind the last slash or backslash goes out: where the file lay
	// concerns nobody, and a reader might follow the path.
	Filename string
	// ContentType is a media type with or without parameters. If it is empty,
	// it follows from the file name's extension or, failing that, from the
	// content; it does not depend on the machine. A type found for text has
	// charset=utf-8 if the content is UTF-8, and no charset if it is not.
	ContentType string
	// ContentID is what a "cid:" URL in the HTML names, with or without angle
	// brackets. For an inline, empty means the file name that goes out.
	// Characters that RFC 5322 does not allow here, all that is not ASCII among
	// them, are percent-encoded, which few readers undo: stay with ASCII.
	ContentID string
	// Content is only read. It arrives as it is: no line ending is changed,
	// except in an attached message (message/rfc822).
	Content []byte
}
