#!/bin/bash
# Starts Sendmail in the foreground. See README.md one level up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require packages certificates namespace; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE PORT_SUBMISSION PORT_OPEN
require_debian
require_namespaces
require_commands openssl flock
# m4 makes the configuration; sasl2-bin and the modules are for AUTH.
fetch_packages sendmail sendmail-bin sendmail-base sendmail-cf m4 sasl2-bin libsasl2-modules libsasl2-modules-db
make_certificates
enter_namespace bash "$here/inside.sh"
