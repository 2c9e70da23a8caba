package poollog

// The following make one hook of two, the second of which may be nil.

func both1[A any](f, also func(A)) func(A) {
	if also == nil {
		return f
	}
	return func(a A) { f(a); also(a) }
}

func both2[A, B any](f, also func(A, B)) func(A, B) {
	if also == nil {
		return f
	}
	return func(a A, b B) { f(a, b); also(a, b) }
}

func both3[A, B, C any](f, also func(A, B, C)) func(A, B, C) {
	if also == nil {
		return f
	}
	return func(a A, b B, c C) { f(a, b, c); also(a, b, c) }
}

func both4[A, B, C, D any](f, also func(A, B, C, D)) func(A, B, C, D) {
	if also == nil {
		return f
	}
	return func(a A, b B, c C, d D) { f(a, b, c, d); also(a, b, c, d) }
}

func both5[A, B, C, D, E any](f, also func(A, B, C, D, E)) func(A, B, C, D, E) {
	if also == nil {
		return f
	}
	return func(a A, b B, c C, d D, e E) { f(a, b, c, d, e); also(a, b, c, d, e) }
}
