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
