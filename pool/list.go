package pool

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
	t.in = l
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
	t.in = l
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
	t.prev, t.next, t.in = nil, nil, nil
	l.len--
}
