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

