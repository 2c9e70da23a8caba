package dkim_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulksmtp/bulksmtp/message/dkim"
)

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

var errOdd = errors.New("odd")

// halve takes longer for some than for others.
func halve(i int) (int, error) {
	<-time.After(time.Duration(i*7919%13) * time.Millisecond) // fake time
	if i%2 == 1 {
		return i, errOdd
	}
	return i / 2, nil
}

func TestEach(t *testing.T) {
	for _, p := range []dkim.Parallel{{}, {Workers: 1}, {Workers: 1, Ahead: 1}, {Workers: 7}, {Workers: 7, Ahead: 3}, {Workers: 3, Ahead: 100}} {
		for _, unordered := range []bool{false, true} {
			p.Unordered = unordered
			t.Run(fmt.Sprintf("%+v", p), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // which also checks that no goroutine is left
					checkEach(t, p)
				})
			})
		}
	}
}

func checkEach(t *testing.T, p dkim.Parallel) {
	const n = 200
	var got []int
	for i, err := range dkim.Each(p, upTo(n), halve) {
		if err == nil {
			i *= 2
		} else if err != errOdd || i%2 == 0 {
			t.Errorf("%d: %v", i, err)
		}
		got = append(got, i)
	}
	if p.Unordered {
		slices.Sort(got)
	}
	if !slices.Equal(got, slices.Collect(upTo(n))) {
		t.Errorf("%v", got)
	}
}

// TestUnordered: one that takes long holds up no others, and with order it does.
func TestUnordered(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			slow := func(i int) (int, error) {
				if i == 0 {
					<-time.After(time.Hour) // fake time
				}
				return i, nil
			}
			for i := range dkim.Each(dkim.Parallel{Workers: 2, Unordered: unordered}, upTo(50), slow) {
				if want := map[bool]int{false: 0, true: 1}[unordered]; i != want {
					t.Errorf("unordered %v: %d comes first", unordered, i)
				}
				break
			}
		})
	}
}

// TestBackPressure: source is not asked for more than there are places.
func TestBackPressure(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			const ahead = 5
			taken := 0
			endless := func(yield func(int) bool) {
				for yield(taken) {
					taken++
				}
			}
			yielded := 0
			for range dkim.Each(dkim.Parallel{Workers: 3, Ahead: ahead, Unordered: unordered}, endless, halve) {
				yielded++
				synctest.Wait()           // until all others wait for this loop, or sleep
				<-time.After(time.Second) // fake time
				synctest.Wait()
				if taken+1 != yielded+ahead {
					t.Fatalf("%d taken with %d yielded", taken+1, yielded)
				}
				if yielded == 20 {
					break
				}
			}
		})
	}
}

// TestAllCores: as many calls at the same time as there are workers, and no more.
func TestAllCores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		do := func(i int) (int, error) {
			most.Store(max(most.Load(), now.Add(1)))
			<-time.After(time.Second) // fake time
			now.Add(-1)
			return i, nil
		}
		start := time.Now()
		for range dkim.Each(dkim.Parallel{Workers: 4}, upTo(40), do) {
		}
		if took := time.Since(start); most.Load() != 4 || took != 10*time.Second {
			t.Errorf("%d at a time, took %v", most.Load(), took)
		}
	})
}

// TestPanics: they come out of the loop, with all goroutines at an end.
func TestPanics(t *testing.T) {
	loops := map[string]func(p dkim.Parallel) iter.Seq2[int, error]{
		"do": func(p dkim.Parallel) iter.Seq2[int, error] {
			return dkim.Each(p, upTo(100), func(i int) (int, error) {
				if i == 7 {
					panic("seven")
				}
				return i, nil
			})
		},
		"source": func(p dkim.Parallel) iter.Seq2[int, error] {
			return dkim.Each(p, func(yield func(int) bool) {
				for i := range 7 {
					yield(i)
				}
				panic("seven")
			}, halve)
		},
		"loop": func(p dkim.Parallel) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				dkim.Each(p, upTo(100), halve)(func(i int, err error) bool { panic("seven") })
			}
		},
	}
	for name, loop := range loops {
		for _, unordered := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				defer func() {
					if p := recover(); p != "seven" {
						t.Errorf("%s: %v", name, p)
					}
				}()
				for range loop(dkim.Parallel{Workers: 2, Unordered: unordered}) {
				}
			})
		}
	}
}

func TestParallelRefused(t *testing.T) {
	for _, p := range []dkim.Parallel{{Workers: -1}, {Ahead: -1}} {
		if p.Validate() == nil {
			t.Errorf("%+v is good", p)
		}
		func() {
			defer func() {
				if err, ok := recover().(error); !ok || err.Error() != p.Validate().Error() {
					t.Errorf("%v", err)
				}
			}()
			dkim.Each(p, upTo(1), halve)
		}()
	}
}

func TestAll(t *testing.T) {
	s := newSigner(t, dkim.Config{Keys: []dkim.Key{edSigningKey()}})
	records := zone(t, edSigningKey())
	msgs := make([][]byte, 50)
	for i := range msgs {
		msgs[i] = newsletter(i)
	}
	msgs[10] = []byte("Subject: x\r\n\r\n")
	for _, unordered := range []bool{false, true} {
		seen := map[int]bool{}
		i := -1
		for signed, err := range s.All(dkim.Parallel{Unordered: unordered}, slices.Values(msgs)) {
			i = slices.IndexFunc(msgs, func(m []byte) bool { return bytes.HasSuffix(signed, m) })
			if !unordered && i != len(seen) {
				t.Errorf("%d comes as number %d", i, len(seen))
			}
			seen[i] = true
			if i == 10 {
				if !errors.Is(err, dkim.ErrFrom) || !bytes.Equal(signed, msgs[10]) {
					t.Errorf("%q, %v", signed, err)
				}
			} else if err = errors.Join(err, verify(signed, records, 1)); err != nil {
				t.Error(err)
			}
		}
		if len(seen) != len(msgs) || seen[-1] {
			t.Error(slices.Sorted(maps.Keys(seen)))
		}
	}
}
