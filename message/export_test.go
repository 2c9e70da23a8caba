package message

// Merged returns the names of the parts that are not executed.
func (t *Template) Merged() []string {
	var names []string
	for _, p := range t.parts {
		if p.merge != nil {
			names = append(names, p.name)
		}
	}
	return names
}
