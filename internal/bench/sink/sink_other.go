//go:build !linux

package sink

// A Sink is a server that runs, which is on Linux only.
type Sink struct{}

// Listen returns ErrUnsupported.
func Listen(Config) (*Sink, error) { return nil, ErrUnsupported }

// Addr returns nothing: there is no such Sink.
func (s *Sink) Addr() string { return "" }

// Stop does nothing: there is no such Sink.
func (s *Sink) Stop() (Counts, error) { return Counts{}, nil }
