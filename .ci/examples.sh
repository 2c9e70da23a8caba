#!/bin/bash
# Runs the examples. Called by .ci/run, which has built them and put them into
# PATH, in the root of the repository.
set -euo pipefail

# run STATUS NAME ARGUMENT... runs one example, which must end with that status
# in two minutes.
run() {
	local want=$1 status=0
	shift
	echo "$*"
	timeout 120 "$@" </dev/null || status=$?
	[[ $status -eq $want ]] || { echo "$1 ended with status $status, not $want"; exit 1; }
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run 0 newsletter -outcomes "$work/outcomes.jsonl"
rows=$(wc -l <"$work/outcomes.jsonl")
[[ $rows -eq 1200 ]] || { echo "the shipped CSV has 1200 rows, the outcomes have $rows"; exit 1; }
for mode in lockstep envelope overlap stream; do
	run 0 newsletter -n 5000 -mode "$mode" -tls starttls -return-path bounces@example.com
done
run 0 newsletter -n 300 -rate 200/s -rate 600000/h -domain-rate example.com=100/s -max-per-session 50 -max-lifetime 1m -metrics 127.0.0.1:0
run 2 newsletter -rate 5/fortnight
run 2 newsletter -addr a.example:25,a.example:smtp
run 2 newsletter -metrics 127.0.0.1
openssl genpkey -algorithm ed25519 -out "$work/dkim.pem"
echo amelie.dubois.1@example.com >"$work/suppressed"
run 0 newsletter -n 2000 -check -unsubscribe-url https://example.com/u -unsubscribe-key "$work/unsubscribe.key" \
	-list-id weekly.example.com -dkim-key "$work/dkim.pem" -dkim-selector spring \
	-verp token -verp-key "$work/verp.key" -suppress "$work/suppressed"
run 2 newsletter -check -n 10 -quiet # no List-Unsubscribe
run 1 newsletter -dry-run "$work/mails" -quiet
run 0 sendone
for mode in lockstep envelope overlap stream; do
	run 0 session -mode "$mode"
done
run 0 testing
run 0 loadtest -n 20000 -mode stream -window 64 -json
run 0 bounces -summary bounce/testdata/mails
run 0 bounces -summary -maillog bounce/maillog/testdata/fates.log
run 0 bounces -summary -return-path bounces@example.com -verp token -verp-key "$work/verp.key" bounce/testdata/mails
run 2 bounces -return-path bounces@example.com -verp token -verp-key "$work/none" bounce/testdata/mails
run 0 loop
for tab in html text source headers findings; do
	run 0 preview -get "/row/3/$tab" >/dev/null
done
run 1 preview -get /row/9999/text >/dev/null
