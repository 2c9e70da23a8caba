#!/bin/bash
# Starts a server of aiosmtpd in the foreground. See README.md one level up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require packages certificates namespace; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE PORT_SUBMISSION PORT_OPEN PORT_LIMITED PORT_SMALL
require_debian
require_namespaces
require_commands openssl flock
fetch_packages aiosmtpd python3-aiosmtpd
make_certificates
# Debian's own interpreter, not another that comes first in PATH.
enter_namespace /usr/bin/python3 "$here/server.py"
