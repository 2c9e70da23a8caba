package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"
)

// Usage is the CPU time that the machine has spent since it started.
type usage struct {
	busy   time.Duration // on any process
	stolen time.Duration // by a hypervisor
}

// machineTime reads /proc/stat; it returns nothing where there is none.
func machineTime() usage {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return usage{}
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	// cpu user nice system idle iowait irq softirq steal …, in 1/100 s
	fields := bytes.Fields(line)
	at := func(i int) time.Duration {
		if i >= len(fields) {
			return 0
		}
		n, _ := strconv.ParseInt(string(fields[i]), 10, 64) // 0 if it is no number
		return time.Duration(n) * 10 * time.Millisecond
	}
	return usage{busy: at(1) + at(2) + at(3) + at(6) + at(7), stolen: at(8)}
}

func (u usage) since(before usage) usage {
	return usage{u.busy - before.busy, u.stolen - before.stolen}
}

// share returns the part of the machine, of 1, that was not there for processes
// that used so much in that time.
func (u usage) share(used, wall time.Duration) float64 {
	others := max(0, u.busy-used) + u.stolen
	return others.Seconds() / (wall.Seconds() * float64(runtime.NumCPU()))
}
