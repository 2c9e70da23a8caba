package builder

import (
	"runtime"
	"syscall"
	"time"
)

// A Measurement is what a run of a builder took.
type Measurement struct {
	Mails  int     `json:"mails"`
	Micros float64 `json:"cpu_us_per_msg"` // CPU time of the process, user and system, garbage collection included
	Allocs float64 `json:"allocs_per_msg"`
	Bytes  float64 `json:"bytes_per_msg"` // allocated
	Octets float64 `json:"octets"`        // of a mail
}

// readers are taken in turn.
var readers = func() []*Reader {
	list := make([]*Reader, 1<<10)
	for i := range list {
		list[i] = NewReader(i)
	}
	return list
}()

// Measure builds mails for about so much CPU time, on one processor.
func Measure(build Build, span time.Duration) (m Measurement, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var out []byte
	octets := 0
	for i := range 100 { // the first few are not what counts
		if out, err = build(out[:0], readers[i]); err != nil {
			return m, err
		}
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for began := cpuTime(); ; {
		for range 64 {
			if out, err = build(out[:0], readers[m.Mails%len(readers)]); err != nil {
				return m, err
			}
			octets += len(out)
			m.Mails++
		}
		if used := cpuTime() - began; used >= span {
			m.Micros = float64(used) / float64(time.Microsecond) / float64(m.Mails)
			break
		}
	}
	runtime.ReadMemStats(&after)
	n := float64(m.Mails)
	m.Allocs, m.Bytes = float64(after.Mallocs-before.Mallocs)/n, float64(after.TotalAlloc-before.TotalAlloc)/n
	m.Octets = float64(octets) / n
	return m, nil
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
