// Package promcollector hands a pool's metrics to a registry of Prometheus'
// client library. They are those of package metrics, which needs no such library.
//
//	registry.MustRegister(promcollector.New(p.Stats, metrics.Config{}))
//
// It is a module of its own, so that who does not use it does not load what it
// needs. Several pools in one registry are told apart by a label that
// prometheus.WrapRegistererWith adds.
package promcollector
