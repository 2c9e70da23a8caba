package smtpclient

import (
	"fmt"
	"sync"
	"testing"

	"github.com/xdg-go/scram"
)

// The exchange of RFC 7677 3, and the same with the flag that says that this side
// could have bound.
func TestSCRAMVector(t *testing.T) {
	login, err := newSCRAMLogin("user", "pencil")
	if err != nil {
		t.Fatal(err)
	}
	login.nonce = func() string { return "rOprNGfwEbeRWgbNEkqO" }
	const first = `r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
	client := login.client(SCRAMSHA256, binding{})
	mechanism, initial, err := client.Start()
	if err != nil || mechanism != "SCRAM-SHA-256" || string(initial) != "n,,n=user,r=rOprNGfwEbeRWgbNEkqO" {
		t.Errorf("%s %s %v", mechanism, initial, err)
	}
	proof, err := client.Next([]byte(first))
	const want = `c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`
	if err != nil || string(proof) != want {
		t.Errorf("%s %v\nwant %s", proof, err, want)
	}
	if complete(client) == nil {
		t.Error("complete before the server has proven anything")
	}
	end, err := client.Next([]byte("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))
	if err != nil || end == nil || len(end) != 0 || complete(client) != nil {
		t.Errorf("%q %v %v", end, err, complete(client))
	}
	if _, err := client.Next(nil); err == nil {
		t.Error("a third challenge is answered")
	}
	_, initial, _ = login.client(SCRAMSHA256, binding{stripped: true}).Start()
	if string(initial) != "y,,n=user,r=rOprNGfwEbeRWgbNEkqO" {
		t.Errorf("%s", initial)
	}
}

// The keys derived are kept for sessions to come, and not for good: a server may
// have a new salt for each.
func TestSCRAMKeysKept(t *testing.T) {
	login, err := newSCRAMLogin("user", "pencil")
	if err != nil {
		t.Fatal(err)
	}
	made := map[*scram.Client]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	const exchanges = 10 * keysKept
	for i := range exchanges {
		wg.Go(func() {
			client := login.client(SCRAMSHA256, binding{}).(*scramClient)
			login.mu.Lock()
			keys := login.keys
			login.mu.Unlock()
			if _, _, err := client.Start(); err != nil {
				t.Error(err)
			}
			if i%100 == 0 {
				if _, err := client.Next(fmt.Appendf(nil, "r=%sx,s=%s,i=4096", client.nonce, "c2FsdA==")); err != nil {
					t.Error(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			made[keys]++
		})
	}
	wg.Wait()
	if len(made) > exchanges/keysKept || len(made) < 2 {
		t.Errorf("%d sets of keys for %d exchanges", len(made), exchanges)
	}
}

func BenchmarkSCRAM(b *testing.B) {
	for name, kept := range map[string]bool{"keys kept": true, "keys derived": false} {
		b.Run(name, func(b *testing.B) {
			login, _ := newSCRAMLogin("user", "pencil")
			for n := 0; b.Loop(); n++ {
				salt := "c2FsdA=="
				if !kept {
					salt = fmt.Sprintf("%08d", n)
				}
				client := login.client(SCRAMSHA256, binding{}).(*scramClient)
				client.Start()
				if _, err := client.Next(fmt.Appendf(nil, "r=%sx,s=%s,i=4096", client.nonce, salt)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
