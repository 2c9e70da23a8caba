// Package metrics turns snapshots of a pool into metrics, and serves them in the
// text format that Prometheus and many other collectors read. It needs nothing
// but the standard library.
//
// # Which function for whom
//
//   - [New] and [Exporter.ServeHTTP]: for a program that wants its pool watched,
//     and has no metrics library yet.
//   - Package promcollector, a module of its own beside this package, for one that
//     has a registry of Prometheus' client library. Its metrics are the same.
//   - [Exporter.Collect]: for bridges to other systems.
//
// # Which metrics
//
// [Definitions] lists them. Names begin with bulksmtp_, counters end in _total,
// and the labels are relay, a pool.Relay's Name; kind and key, what a limit is
// for; outcome, state and mode. Reply texts and addresses are nowhere in them: of
// the keys, recipients are only counted.
//
// # Bounded cardinality
//
// Domains and keys that have a limit can be many. [Config.MaxKeys] bounds how many
// have series of their own. Whoever has them keeps them as long as the pool knows
// of it, so that counters do not come and go; a place that becomes free goes to the
// key with most mail. bulksmtp_keys_omitted tells how many have none.
package metrics
