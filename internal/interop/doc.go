// Package interop runs the tests of this module against real mail servers, on
// loopback, without installing any.
//
// [Start] is what a test calls; it skips the test where the machine cannot run
// the server. [Launch] is the same for a program. The servers themselves are
// the scripts under servers/, whose README.md says what each port and address
// does. [Run] has another program, such as a verifier of signatures, work on what
// a test has made.
//
// Four environment variables matter:
//
//   - BULKSMTP_REQUIRE_SERVERS=1 turns the skip into a failure.
//   - BULKSMTP_NO_SERVERS=1 skips in any case.
//   - BULKSMTP_APT=1 allows to download packages, with apt, npm or from the Go
//     module proxy. Without it a server runs only if its packages were downloaded
//     before.
//   - BULKSMTP_SERVER_CACHE is the directory where downloaded packages are kept;
//     by default bulksmtp/servers in the user's cache directory.
package interop
