package sink

import (
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// A Sink is a server that runs.
type Sink struct {
	cfg    Config
	port   int
	wake   *os.File // a write to it ends the loop
	ended  chan struct{}
	failed error // why the loop ended by itself; read it after ended

	// Owned by the loop until ended is closed.
	epoll, listener, bell int
	conns                 map[int]*conn
	delayed               deliveries
	counts                Counts
	seen                  numbers
	first, last           int64 // when the first MAIL came, when the last message was taken
}

// Listen starts a sink on a free port of 127.0.0.1.
func Listen(c Config) (*Sink, error) {
	s := &Sink{cfg: c, ended: make(chan struct{}), conns: map[int]*conn{}, epoll: -1, listener: -1, bell: -1}
	if err := s.open(); err != nil {
		s.closeAll()
		return nil, err
	}
	go func() {
		defer close(s.ended)
		// The loop is alone on its thread, so that it wakes up at once.
		runtime.LockOSThread()
		s.failed = s.loop()
		s.closeAll()
	}()
	return s, nil
}

func (s *Sink) open() (err error) {
	const flags = syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC
	if s.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if s.listener, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|flags, 0); err != nil {
		return os.NewSyscallError("socket", err)
	}
	if err := syscall.Bind(s.listener, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	if err := syscall.Listen(s.listener, 1024); err != nil {
		return os.NewSyscallError("listen", err)
	}
	name, err := syscall.Getsockname(s.listener)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	s.port = name.(*syscall.SockaddrInet4).Port
	var pipe [2]int
	if err := syscall.Pipe2(pipe[:], syscall.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	s.bell, s.wake = pipe[0], os.NewFile(uintptr(pipe[1]), "sink")
	if err := s.watch(syscall.EPOLL_CTL_ADD, s.listener, syscall.EPOLLIN); err != nil {
		return err
	}
	return s.watch(syscall.EPOLL_CTL_ADD, s.bell, syscall.EPOLLIN)
}

// Addr returns the address the sink listens at.
func (s *Sink) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Stop closes all connections, ends the sink and returns what it has counted.
// The error is why it had ended before, if it had.
func (s *Sink) Stop() (Counts, error) {
	_ = s.wake.Close() // the bell is heard
	<-s.ended
	s.counts.Span = max(0, time.Duration(s.last-s.first))
	return s.counts, s.failed
}

func (s *Sink) closeAll() {
	for _, c := range s.conns {
		s.close(c)
	}
	for _, fd := range []int{s.epoll, s.listener, s.bell} {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
	}
}

func (s *Sink) watch(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(s.epoll, op, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)}))
}

// loop handles events until the bell rings.
func (s *Sink) loop() error {
	events := make([]syscall.EpollEvent, 256)
	for {
		n, err := epollWait(s.epoll, events, s.delayed.wait())
		if err != nil {
			return err
		}
		s.deliver()
		for _, e := range events[:n] {
			switch fd := int(e.Fd); fd {
			case s.bell:
				return nil
			case s.listener:
				s.accept()
			default:
				if c := s.conns[fd]; c != nil { // else it was closed by an event before
					s.serve(c, e.Events)
				}
			}
		}
	}
}
