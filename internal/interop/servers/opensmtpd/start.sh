#!/bin/bash
# Starts OpenSMTPD in the foreground. See README.md one level up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require packages certificates namespace; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE PORT_OPEN
require_debian
require_namespaces
require_commands openssl flock
fetch_packages opensmtpd opensmtpd
make_certificates
enter_namespace bash "$here/inside.sh"
