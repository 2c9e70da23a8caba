#!/bin/bash
# Starts a server of Nodemailer's smtp-server in the foreground. See README.md
# one level up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require modules certificates supervise; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE PORT_SUBMISSION PORT_OPEN PORT_LIMITED PORT_SMALL
require_commands openssl setsid
fetch_modules smtp-server "$here"
make_certificates
supervise node "$here/server.js"
