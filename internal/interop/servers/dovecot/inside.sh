#!/bin/bash
# Configures and runs Dovecot, inside its namespaces.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
conf=/etc/dovecot

# What the package's installation would have done, or has done.
for user in dovecot dovenull vmail; do
	id "$user" >/dev/null 2>&1 || useradd --system --user-group "$user"
done
mkdir -p "$conf" /var/lib/dovecot/run /var/vmail
chown vmail: /var/vmail

cp "$WORK/chain.pem" "$WORK/server.key" "$conf/"
sed -e "s/@INSTANCE@/$INSTANCE/" -e "s/@IMAPS@/$PORT_IMAPS/" -e "s/@IMAP@/$PORT_IMAP/" "$here/dovecot.conf" >"$conf/dovecot.conf"
exec dovecot -F -c "$conf/dovecot.conf"
