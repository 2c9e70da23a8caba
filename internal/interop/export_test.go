package interop

// For the tests of the harness, which run without a server.
var (
	LaunchScript = launch
	RunScript    = run
	ParseMail    = parseMail
	TakeMails    = takeMails
	FreeAddrs    = freeAddrs
	Ephemeral    = ephemeral
	Tail         = tail
)

// Path is path, for a test that puts a file where the server finds it.
func (s *Server) Path(inside string) string { return s.path(inside) }
