#!/bin/bash
# Starts Dovecot in the foreground. See README.md one level up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require packages certificates namespace; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE PORT_IMAPS PORT_IMAP
require_debian
require_namespaces
require_commands openssl flock
fetch_packages dovecot dovecot-core dovecot-imapd
make_certificates
enter_namespace bash "$here/inside.sh"
