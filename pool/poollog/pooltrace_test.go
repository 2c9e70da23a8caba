package poollog_test

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/poollog"
	"github.com/bulksmtp/bulksmtp/smtpclient"
)

const zoe = "zoe.smith@example.org"

func replyError(verb string, code int, enhanced smtpclient.EnhancedCode, text string) error {
	return &smtpclient.ReplyError{Verb: verb, Reply: smtpclient.Reply{Code: code, Enhanced: enhanced, Text: text}}
}

func resultOf(address string, o smtpclient.Outcome, err error) pool.Result {
	to := smtpclient.RecipientResult{Address: address, Outcome: o, Err: err}
	var reply *smtpclient.ReplyError
	if errors.As(err, &reply) {
		to.Reply = reply.Reply
	} else if err == nil {
		to.Reply = smtpclient.Reply{Code: 250, Text: "2.0.0 Ok: queued as 4X"}
	}
	return pool.Result{Attempts: 2, Result: smtpclient.Result{Recipients: []smtpclient.RecipientResult{to}, Err: err}}
}

func jobFor(addresses ...string) pool.Job {
	return pool.Job{Key: "customer 7", Tag: 42, Mail: smtpclient.Mail{
		From: "list-zoe.smith=example.org@lists.example.com", To: smtpclient.Recipients(addresses...), Content: []byte("CONTENT"),
	}}
}

// Every hook writes its line, at its level.
func TestPoolTrace(t *testing.T) {
	busy := replyError("RCPT", 450, smtpclient.EnhancedCode{4, 2, 1}, "4.2.1 <zoe.smith@example.org> is busy, tell zoe.smith")
	quota := replyError("greeting", 421, smtpclient.EnhancedCode{}, "too many sessions from example.com")
	lost := &smtpclient.SessionError{Op: "read", Addr: "relay:25", Outcome: smtpclient.NotSent, Err: errors.New("connection reset")}
	for _, tt := range []struct {
		event func(*pool.Trace)
		want  string
	}{
		{func(t *pool.Trace) { t.SessionOpened("relay:25", 3) }, "DEBUG session opened relay=relay:25 session=3"},
		{func(t *pool.Trace) { t.SessionClosed("relay:25", 3, 9, nil) }, "DEBUG session closed relay=relay:25 session=3 messages=9"},
		{func(t *pool.Trace) { t.SessionClosed("relay:25", 3, 9, smtpclient.ErrClosed) },
			"DEBUG session closed relay=relay:25 session=3 messages=9 error=session closed"},
		{func(t *pool.Trace) { t.SessionClosed("relay:25", 3, 9, lost) },
			"WARN session lost relay=relay:25 session=3 messages=9 error=smtp: relay:25: read: connection reset"},
		{func(t *pool.Trace) { t.Down("relay:25", quota, time.Second) },
			"WARN relay down relay=relay:25 pause=1s verb=greeting code=421 reply=too many sessions from example.com"},
		{func(t *pool.Trace) { t.Down("relay:25", busy, time.Second) },
			"WARN relay down relay=relay:25 pause=1s verb=RCPT code=450 enhanced_code=4.2.1"},
		{func(t *pool.Trace) { t.Up("relay:25") }, "INFO relay up relay=relay:25"},
		{func(t *pool.Trace) { t.ModeLowered("relay:25", smtpclient.ModeEnvelope, lost) },
			"WARN mode lowered relay=relay:25 mode=envelope error=smtp: relay:25: read: connection reset"},
		{func(t *pool.Trace) { t.Held(jobFor(zoe), "domain example.org", time.Minute) },
			"DEBUG held back from=~c5b7a26f@lists.example.com to=[~ZOE@example.org] job_key=customer 7 domain=example.org wait=1m0s"},
		{func(t *pool.Trace) { t.Held(jobFor(zoe), "key customer 7", time.Minute) },
			"DEBUG held back from=~c5b7a26f@lists.example.com to=[~ZOE@example.org] job_key=customer 7 key=customer 7 wait=1m0s"},
		{func(t *pool.Trace) { t.Slowed("relay relay:25", 0, quota) },
			"WARN slowed down relay=relay:25 verb=greeting code=421 reply=too many sessions from example.com"},
		{func(t *pool.Trace) { t.Slowed("domain example.org", 2.5, busy) },
			"WARN slowed down domain=example.org messages_per_second=2.5 verb=RCPT code=450 enhanced_code=4.2.1"},
		{func(t *pool.Trace) { t.Slowed("recipient "+zoe, 0, busy) },
			"WARN slowed down recipient=~ZOE@example.org verb=RCPT code=450 enhanced_code=4.2.1 reply=4.2.1 <~ZOE@example.org> is busy, tell ~ZOE"},
		{func(t *pool.Trace) { t.Retry(jobFor(zoe), 2, time.Second, busy) },
			"INFO retry from=~c5b7a26f@lists.example.com to=[~ZOE@example.org] job_key=customer 7 attempts=2 pause=1s verb=RCPT code=450 enhanced_code=4.2.1 reply=4.2.1 <~ZOE@example.org> is busy, tell ~ZOE"},
		{func(t *pool.Trace) { t.Settled(resultOf(zoe, smtpclient.Accepted, nil)) },
			"DEBUG settled recipient=~ZOE@example.org outcome=accepted attempts=2 code=250 reply=2.0.0 Ok: queued as 4X"},
		{func(t *pool.Trace) { t.Settled(resultOf(zoe, smtpclient.Deferred, busy)) },
			"INFO settled recipient=~ZOE@example.org outcome=deferred attempts=2 verb=RCPT code=450 enhanced_code=4.2.1 reply=4.2.1 <~ZOE@example.org> is busy, tell ~ZOE"},
		{func(t *pool.Trace) { t.Settled(resultOf(zoe, smtpclient.NotSent, lost)) },
			"WARN settled recipient=~ZOE@example.org outcome=not-sent attempts=2 error=smtp: relay:25: read: connection reset"},
		{func(t *pool.Trace) { t.Settled(resultOf(zoe, smtpclient.Unknown, lost)) },
			"WARN settled recipient=~ZOE@example.org outcome=unknown attempts=2 error=smtp: relay:25: read: connection reset"},
	} {
		log, into := newLog(poollog.LevelWire, poollog.Config{})
		tt.event(log.PoolTrace(nil))
		got := into.one(t)
		log.PoolTrace(nil).Slowed("recipient "+zoe, 0, nil) // what the hash is
		_, hash, _ := strings.Cut(into.one(t), "recipient=")
		got = strings.ReplaceAll(got, strings.TrimSuffix(hash, "@example.org"), "~ZOE")
		if want := tt.want; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		level, _, _ := strings.Cut(tt.want, " ")
		var l slog.Level
		if err := l.UnmarshalText([]byte(level)); err != nil {
			t.Fatal(err)
		}
		log, into = newLog(l+1, poollog.Config{})
		if tt.event(log.PoolTrace(nil)); len(into.take()) > 0 {
			t.Errorf("logged above its level: %s", tt.want)
		}
	}
}

func TestTag(t *testing.T) {
	log, into := newLog(slog.LevelInfo, poollog.Config{Tag: func(tag any) slog.Attr { return slog.Any("letter", tag) }})
	log.PoolTrace(nil).Retry(jobFor(zoe), 1, 0, nil)
	if got := into.one(t); !strings.Contains(got, " letter=42") {
		t.Errorf("%s", got)
	}
	log, into = newLog(slog.LevelInfo, poollog.Config{})
	log.PoolTrace(nil).Retry(jobFor(zoe), 1, 0, nil)
	if got := into.one(t); strings.Contains(got, "42") {
		t.Errorf("%s", got)
	}
}

func TestManyRecipients(t *testing.T) {
	var all []string
	for range 25 {
		all = append(all, zoe)
	}
	log, into := newLog(slog.LevelInfo, poollog.Config{})
	log.PoolTrace(nil).Retry(jobFor(all...), 1, 0, nil)
	if got := into.one(t); !strings.Contains(got, "recipients=25") || strings.Count(got, "@example.org") != 10 {
		t.Errorf("%s", got)
	}
}

// Every hook of the caller's own is called, with what the log is told.
func TestOwnHooks(t *testing.T) {
	log, _ := newLog(slog.LevelError, poollog.Config{})
	called := map[string]int{}
	var own pool.Trace
	hook(reflect.ValueOf(&own).Elem(), called)
	callAll(t, reflect.ValueOf(log.PoolTrace(&own)).Elem())
	var wire smtpclient.Trace
	hook(reflect.ValueOf(&wire).Elem(), called)
	callAll(t, reflect.ValueOf(log.SessionTrace(&wire)).Elem())
	want := reflect.TypeFor[pool.Trace]().NumField() + reflect.TypeFor[smtpclient.Trace]().NumField()
	if len(called) != want {
		t.Errorf("%d hooks called, want %d: %v", len(called), want, called)
	}
	for name, n := range called {
		if n != 1 {
			t.Errorf("%s called %d times", name, n)
		}
	}
	callAll(t, reflect.ValueOf(log.PoolTrace(nil)).Elem()) // none is nil, and none calls nil
	callAll(t, reflect.ValueOf(log.SessionTrace(nil)).Elem())
}

// hook sets every hook of a trace to one that counts, and checks its arguments.
func hook(trace reflect.Value, called map[string]int) {
	for i := range trace.NumField() {
		name := trace.Type().String() + "." + trace.Type().Field(i).Name
		trace.Field(i).Set(reflect.MakeFunc(trace.Field(i).Type(), func(args []reflect.Value) []reflect.Value {
			for i, a := range args {
				if !reflect.DeepEqual(a.Interface(), argument(a.Type(), i).Interface()) {
					return nil
				}
			}
			called[name]++
			return nil
		}))
	}
}

// callAll calls every hook of a trace.
func callAll(t *testing.T, trace reflect.Value) {
	t.Helper()
	for i := range trace.NumField() {
		f := trace.Field(i)
		if f.IsNil() {
			t.Errorf("%s is nil", trace.Type().Field(i).Name)
			continue
		}
		var args []reflect.Value
		for i := range f.Type().NumIn() {
			args = append(args, argument(f.Type().In(i), i))
		}
		f.Call(args)
	}
}

// argument makes a value for the i-th argument of a hook, in which it can be told
// from the others.
func argument(t reflect.Type, i int) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(100 + i))
	case reflect.Uint64:
		v.SetUint(uint64(100 + i))
	case reflect.String:
		v.SetString(strings.Repeat("x", i+1))
	}
	return v
}
