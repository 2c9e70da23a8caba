#!/bin/bash
# Configures and runs Postfix, inside its namespaces.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
conf=/etc/postfix

# What the package's installation would have done, or has done.
getent group postdrop >/dev/null || groupadd --system postdrop
id postfix >/dev/null 2>&1 || useradd --system --user-group postfix
id vmail >/dev/null 2>&1 || useradd --system --user-group vmail
mkdir -p "$conf/sasl" /var/spool/postfix /var/lib/postfix /var/vmail
touch "$conf/dynamicmaps.cf"
chown vmail: /var/vmail
chown postfix: /var/lib/postfix
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod g+s /usr/sbin/postdrop /usr/sbin/postqueue

cp "$WORK/chain.pem" "$WORK/server.key" "$conf/"
cp "$here"/{sender,recipient,remote,header}.regexp "$conf/"
cp "$here/smtpd.conf" "$conf/sasl/"
sed -e "s/@INSTANCE@/$INSTANCE/" -e "s/@VMAIL_UID@/$(id -u vmail)/" -e "s/@VMAIL_GID@/$(id -g vmail)/" \
	-e "s/@OPEN@/$PORT_OPEN/" "$here/main.cf" >"$conf/main.cf"
sed -e "s/@SUBMISSION@/$PORT_SUBMISSION/" -e "s/@SUBMISSIONS@/$PORT_SUBMISSIONS/" -e "s/@OPEN@/$PORT_OPEN/" \
	-e "s/@LIMITED@/$PORT_LIMITED/" -e "s/@SMALL@/$PORT_SMALL/" -e "s/@BARE@/$PORT_BARE/" \
	"$here/master.cf" >"$conf/master.cf"

saslpasswd2 -p -c -f "$conf/sasl/sasldb2" -u mx.example.test user <<<secret
chgrp postfix "$conf/sasl/sasldb2"
chmod g+r "$conf/sasl/sasldb2"
# Started again, Postfix tells of files that were half written when it was killed:
# by postsuper, which opens the log once more, without root's rights.
chmod a+w /dev/stdout
exec postfix start-fg
