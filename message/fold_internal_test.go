package message

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// TestTooLongNamesTheField: what turns out too long only in writing is named as
// Validate names it, after the field of Message.
func TestTooLongNamesTheField(t *testing.T) {
	for _, header := range []string{"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID"} {
		var fe *FieldError
		f := openField(nil, header)
		f.add(strings.Repeat("x", maxLine))
		_, err := f.close()
		if !errors.As(err, &fe) || !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v", header, err)
			continue
		}
		if _, ok := reflect.TypeFor[Message]().FieldByName(fe.Field); !ok {
			t.Errorf("%s: Message has no field %s", header, fe.Field)
		}
	}
}
