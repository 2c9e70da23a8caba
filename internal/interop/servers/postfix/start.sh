#!/bin/bash
# Starts Postfix in the foreground. See README.md one level up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require packages certificates namespace; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE \
	PORT_SUBMISSION PORT_SUBMISSIONS PORT_OPEN PORT_LIMITED PORT_SMALL PORT_BARE
require_debian
require_namespaces
require_commands openssl flock
# sasl2-bin for saslpasswd2, the modules for AUTH mechanisms beside EXTERNAL.
fetch_packages postfix postfix sasl2-bin libsasl2-modules
make_certificates
enter_namespace bash "$here/inside.sh"
