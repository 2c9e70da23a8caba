//go:build !unix

package main

import "time"

// cpuTime returns 0: it is not known here.
func cpuTime() time.Duration { return 0 }

// maxRSS returns 0: it is not known here.
func maxRSS() float64 { return 0 }
