// Package dkim signs complete messages with DKIM (RFC 6376), fast enough for a
// mail to each of a million readers.
//
//   - Who has a key in a file reads it with [ParseKey], and puts what
//     [Key.Record] gives into the DNS.
//   - Who sends makes a [Signer] once with [New] and calls [Signer.Sign], or
//     [Signer.AppendSigned] with a buffer, from any goroutine.
//   - Who sends many calls [Signer.All] or [Each], which sign on all cores,
//     outside the session, and feed pool.SendAll.
//
// Sign last: what is altered in the message afterwards breaks the signature.
//
// # What is signed
//
// The whole body always, never just a beginning of it (no l= tag), and of the
// header these fields as often as they stand there. "Once more" means
// over-signed: the signature fails if another field of that name is added.
//
//	once more, even if absent    From Reply-To To Cc Subject Content-Type
//	once more, if present        Sender Date Message-ID MIME-Version Content-Transfer-Encoding
//	                             List-Unsubscribe List-Unsubscribe-Post, and Config.Also
//	as often as present          List-Id List-Help List-Subscribe List-Post List-Owner List-Archive
//	                             Feedback-ID In-Reply-To References Auto-Submitted
//
// A second From, Subject or To is what a forger adds to a signed mail that he
// sends on to others, and readers show one or the other; a Reply-To or
// Content-Type where there was none directs the answers or garbles the body
// (RFC 6376 8.15). Date and Message-ID are left to be added where they lack, as
// relays do; mailing lists put fields of their own beside List-Id. One-click
// unsubscription needs List-Unsubscribe and List-Unsubscribe-Post signed (RFC
// 8058 4). Config.Except is for relays that rewrite fields.
//
// A message with no From field, or with two, is not signed, nor one with a CR or
// LF that stands alone: relays mend that, and a mended message no longer verifies.
//
// # Keys
//
// Ed25519 (RFC 8463) and RSA of 2048 to 4096 bits (RFC 8301), always with SHA-256.
// A Signer with several keys makes a signature with each, and canonicalizes and
// hashes body and header once for all of them. Not every receiver verifies Ed25519
// yet: send it beside RSA.
//
// # Speed
//
// Signing takes one allocation and, for a newsletter of 11 KB, about five
// microseconds beyond hashing it once and the work of the key: 15 for an
// Ed25519 signature, 700 for one by RSA of 2048 bits, so that a reader costs
// either 25 or 700. A body that is the same as the one before is not hashed
// again. BenchmarkSign compares.
//
// The header is canonicalized as "relaxed", the body too unless Config.Body says
// Simple, which saves a little.
//
// # Specifications
//
//   - RFC 6376: DKIM signatures
//   - RFC 8301: algorithms and key lengths
//   - RFC 8463: Ed25519
//   - RFC 8058: which fields one-click unsubscription wants signed
//
// Tests hold the signatures to two verifiers written by others,
// github.com/emersion/go-msgauth and Python's dkimpy. The signer of go-msgauth
// is not what signs here: it reads the body octet by octet through a pipe, which
// takes three times what the Ed25519 signature and the hash take, and its body
// hash cannot be given to it. It does verify, in package preflight.
package dkim
