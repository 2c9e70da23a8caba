package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/bulksmtp/bulksmtp/pool"
	"github.com/bulksmtp/bulksmtp/pool/metrics"
)

// A metricsPage is where metrics can be fetched while the mailing runs. A nil one
// does nothing.
type metricsPage struct {
	listener net.Listener
}

// listenForMetrics takes the address of -metrics, so that it is known to be free
// before anything is sent.
func listenForMetrics(addr string) (*metricsPage, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("-metrics: %w", err)
	}
	return &metricsPage{l}, nil
}

// url is where the metrics are.
func (p *metricsPage) url() string { return "http://" + p.listener.Addr().String() + "/metrics" }

// serve answers with the metrics of a pool, whatever the path, until the returned
// func is called. Who asked before waits.
func (p *metricsPage) serve(to *pool.Pool) (stop func()) {
	if p == nil {
		return func() {}
	}
	server := &http.Server{Handler: metrics.New(to.Stats, metrics.Config{}), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(p.listener) // until Close
	}()
	return func() {
		_ = server.Close() // an answer under way is of no interest any more
		<-ended
	}
}

// close gives the address back.
func (p *metricsPage) close() {
	if p != nil {
		_ = p.listener.Close() // perhaps done already
	}
}
