#!/bin/bash
# Starts Haraka in the foreground. See README.md one level up.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require modules certificates supervise; do
	# shellcheck source=/dev/null
	. "$here/../_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE PORT_SUBMISSION PORT_OPEN PORT_LIMITED
require_commands openssl setsid
fetch_modules haraka "$here"
make_certificates
mkdir -p "$WORK"/{config,plugins,queue} "$WORK"/maildir/{tmp,new}
cp "$here/rules.js" "$WORK/plugins/"
# setting FILE LINE... writes a file of Haraka's configuration.
setting() {
	local file=$WORK/config/$1
	shift
	printf '%s\n' "$@" >"$file"
}
setting smtp.ini "listen=127.0.0.1:$PORT_SUBMISSION,127.0.0.1:$PORT_OPEN,127.0.0.1:$PORT_LIMITED" \
	smtps_port=0 nodes=0 daemonize=false
setting plugins tls auth/flat_file rules
setting tls.ini "key=$WORK/server.key" "cert=$WORK/chain.pem"
setting auth_flat_file.ini '[core]' methods=PLAIN,LOGIN,CRAM-MD5 '[users]' user=secret
# A file of one's own stands in for the package's as a whole.
sed -e 's/^bytes=.*/bytes=1048576/' -e "s/^; greeting\[\]=My Custom/greeting[]=Haraka $INSTANCE/" \
	"$MODULES/node_modules/Haraka/config/connection.ini" >"$WORK/config/connection.ini"
setting me mx.example.test
setting loglevel LOGERROR
supervise node "$MODULES/node_modules/Haraka/bin/haraka" -c "$WORK"
