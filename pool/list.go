package pool

import "container/heap"

// A list is a queue of tasks that any of them can leave. Guarded by Pool.mu.
type list struct {
	head, tail *task
	len        int
}

func (l *list) pushBack(t *task) {
	t.prev, t.next = l.tail, nil
	if l.tail == nil {
		l.head = t
	} else {
		l.tail.next = t
	}
	l.tail = t
	l.len++
}

func (l *list) pushFront(t *task) {
	t.prev, t.next = nil, l.head
	if l.head == nil {
		l.tail = t
	} else {
		l.head.prev = t
	}
	l.head = t
	l.len++
}

func (l *list) remove(t *task) {
	if t.prev == nil {
		l.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	l.len--
}

// A schedule is a heap of tasks by the time of their next attempt. Guarded by
// Pool.mu.
type schedule []*task

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due < s[j].due }
func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].heapIndex, s[j].heapIndex = i, j
}

// Push implements heap.Interface.
func (s *schedule) Push(x any) {
	t := x.(*task)
	t.heapIndex = len(*s)
	*s = append(*s, t)
}

// Pop implements heap.Interface.
func (s *schedule) Pop() any {
	old := *s
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return t
}

func (s *schedule) add(t *task)    { heap.Push(s, t) }
func (s *schedule) remove(t *task) { heap.Remove(s, t.heapIndex) }
