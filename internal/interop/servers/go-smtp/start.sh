#!/bin/bash
# Starts a server of emersion/go-smtp in the foreground. See README.md one level
# up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require certificates supervise; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE PORT_SUBMISSION PORT_OPEN PORT_LIMITED PORT_SMALL
require_commands go openssl setsid
# Go keeps modules and packages in a cache of its own.
[[ ${APT:-} == 1 ]] || export GOPROXY=off
(cd "$here" && go build -buildvcs=false -o "$WORK/server" .) || {
	[[ ${APT:-} == 1 ]] || skip "modules not downloaded and downloads not allowed: go-smtp"
	exit 1
}
make_certificates
supervise "$WORK/server"
