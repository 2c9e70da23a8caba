#!/bin/bash
# Configures and runs OpenSMTPD, inside its namespaces.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
empty=/var/lib/opensmtpd/empty
spool=/var/spool/smtpd

# What the package's installation would have done, or has done.
mkdir -p "$empty" "$spool"/{offline,purge} /var/vmail
id opensmtpd >/dev/null 2>&1 || useradd --system --user-group --home-dir "$empty" opensmtpd
id opensmtpq >/dev/null 2>&1 || useradd --system --user-group --home-dir "$empty" opensmtpq
id vmail >/dev/null 2>&1 || useradd --system --user-group --home-dir /var/vmail vmail
chown vmail: /var/vmail
chown root: "$empty" "$spool"
chown root:opensmtpq "$spool/offline"
chown opensmtpq:root "$spool/purge"
chmod 711 "$spool"
chmod 770 "$spool/offline"
chmod 700 "$spool/purge"

install -D -m 755 "$here/content.sh" /usr/local/libexec/content
sed -e "s/@INSTANCE@/$INSTANCE/" -e "s/@OPEN@/$PORT_OPEN/" "$here/smtpd.conf" >/etc/smtpd.conf
# One that was killed leaves it behind, and another will not start with it there.
rm -f /run/smtpd.sock
exec smtpd -d
