package message

import (
	"reflect"
	"sync"
)

// A FieldFunc gives the fields of a recipient by their names; ok is false for
// one that is missing.
type FieldFunc func(name string) (value string, ok bool)

// A found says what became of looking for a field.
type found uint8

const (
	foundText  found = iota // a string
	foundNone               // the field is missing
	foundOther              // something that only an execution can tell
)

// lookUp looks for a field without an execution.
func lookUp(fields any, name string) (string, found) {
	switch f := fields.(type) {
	case map[string]string:
		if value, ok := f[name]; ok {
			return value, foundText
		}
		return "", foundNone
	case map[string]any:
		value, ok := f[name]
		if !ok {
			return "", foundNone
		}
		if s, ok := value.(string); ok {
			return s, foundText
		}
		if isNil(reflect.ValueOf(value)) {
			return "", foundNone
		}
		return "", foundOther
	case FieldFunc:
		return callField(f, name)
	case func(string) (string, bool):
		return callField(f, name)
	case nil:
		return "", foundNone
	}
	return structField(reflect.ValueOf(fields), name)
}

func callField(f FieldFunc, name string) (string, found) {
	if f == nil {
		return "", foundNone
	}
	if value, ok := f(name); ok {
		return value, foundText
	}
	return "", foundNone
}

func structField(v reflect.Value, name string) (string, found) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return "", foundOther
	}
	i, ok := stringFields(v.Type())[name]
	if !ok {
		return "", foundOther
	}
	return v.Field(i).String(), foundText
}

// structTypes has the indexes of the exported string fields of structs, by type
// and name.
var structTypes sync.Map

func stringFields(t reflect.Type) map[string]int {
	if known, ok := structTypes.Load(t); ok {
		return known.(map[string]int)
	}
	fields := make(map[string]int)
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && !f.Anonymous && f.Type == reflect.TypeFor[string]() {
			fields[f.Name] = i
		}
	}
	structTypes.Store(t, fields)
	return fields
}

// isNil reports no value, or a pointer to none: a field that is nil is missing.
func isNil(v reflect.Value) bool {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return !v.IsValid()
}

// fieldValue returns a field of a map or struct that is not nil.
func fieldValue(data any, name string) (any, bool) {
	v := reflect.ValueOf(data)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Struct:
		f, ok := v.Type().FieldByName(name)
		if !ok {
			return nil, false
		}
		var err error
		if v, err = v.FieldByIndexErr(f.Index); err != nil {
			return nil, false // of an embedded pointer that is nil
		}
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		v = v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
	default:
		return nil, false
	}
	if isNil(v) || !v.CanInterface() {
		return nil, false
	}
	return v.Interface(), true
}

// lacks reports whether data have no field or method of the name, or a nil one, or
// are nil.
func lacks(data any, name string) bool {
	if data == nil {
		return true
	}
	v := reflect.ValueOf(data)
	if v.MethodByName(name).IsValid() {
		return false
	}
	if v.Kind() == reflect.Map && v.Type().Key().Kind() != reflect.String {
		return false
	}
	_, ok := fieldValue(data, name)
	return !ok
}

// executable returns the fields as text/template reads them.
func (t *Template) executable(fields any) any {
	var get FieldFunc
	switch f := fields.(type) {
	case FieldFunc:
		get = f
	case func(string) (string, bool):
		get = f
	default:
		return fields
	}
	data := make(map[string]string, len(t.refs))
	for _, r := range t.refs {
		if value, found := callField(get, r.name); found == foundText {
			data[r.name] = value
		}
	}
	return data
}
