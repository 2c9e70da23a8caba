package sink

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// A delivery is replies on their way.
type delivery struct {
	at      int64
	to      *conn
	replies []byte
}

// Deliveries is a queue, the earliest first.
type deliveries struct {
	list []delivery
	head int      // those before it are done with
	free [][]byte // buffers of those
}

func (d *deliveries) add(c *conn, replies []byte, at int64) {
	var b []byte
	if n := len(d.free); n > 0 {
		b, d.free = d.free[n-1][:0], d.free[:n-1]
	}
	if d.head == len(d.list) {
		d.list, d.head = d.list[:0], 0
	} else if d.head > 4096 {
		d.list, d.head = d.list[:copy(d.list, d.list[d.head:])], 0
	}
	d.list = append(d.list, delivery{at, c, append(b, replies...)})
	// Greetings take longer than replies.
	for k := len(d.list) - 1; k > d.head && d.list[k-1].at > at; k-- {
		d.list[k], d.list[k-1] = d.list[k-1], d.list[k]
	}
}

// next takes the first delivery that is due, if one is. The replies are valid
// until add.
func (d *deliveries) next() (*conn, []byte) {
	if d.head == len(d.list) || d.list[d.head].at > now() {
		return nil, nil
	}
	first := d.list[d.head]
	d.list[d.head] = delivery{}
	d.head++
	d.free = append(d.free, first.replies)
	return first.to, first.replies
}

// wait returns the time to the first delivery; negative without one.
func (d *deliveries) wait() time.Duration {
	if d.head == len(d.list) {
		return -1
	}
	return time.Duration(max(0, d.list[d.head].at-now()))
}

var epoch = time.Now()

// now is a clock reading in nanoseconds.
func now() int64 { return int64(time.Since(epoch)) }

// sysEpollPwait2 has this number on all architectures that got it as a new
// one. epoll_wait knows milliseconds only, which is too coarse for a delay.
const sysEpollPwait2 = 441

// epollWait waits for events; a negative timeout is none.
func epollWait(epoll int, events []syscall.EpollEvent, timeout time.Duration) (int, error) {
	var spec struct{ seconds, nanoseconds int64 } // on 32-bit systems too
	var p unsafe.Pointer
	if timeout >= 0 {
		spec.seconds, spec.nanoseconds = int64(timeout/time.Second), int64(timeout%time.Second)
		p = unsafe.Pointer(&spec)
	}
	n, _, errno := syscall.Syscall6(sysEpollPwait2, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(p), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case syscall.EINTR:
		return 0, nil
	case syscall.ENOSYS:
		return 0, ErrUnsupported
	}
	return 0, os.NewSyscallError("epoll_pwait2", errno)
}
