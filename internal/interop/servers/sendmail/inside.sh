#!/bin/bash
# Configures and runs Sendmail, inside its namespaces.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
conf=/etc/mail

# What the package's installation would have done, or has done.
for user in smmta smmsp vmail; do
	id "$user" >/dev/null 2>&1 || useradd --system --user-group "$user"
done
mkdir -p "$conf" /var/spool/mqueue /var/vmail/all/{tmp,new} /usr/lib/sasl2
chown -R vmail: /var/vmail
chown root:root "$conf" /var/spool/mqueue
chmod 700 /var/spool/mqueue

cp "$WORK/chain.pem" "$WORK/server.key" "$WORK/ca.pem" "$conf/"
chmod 600 "$conf/server.key"
cp "$here/smtpd.conf" /usr/lib/sasl2/Sendmail.conf
rm -f "$conf/sasldb2"
saslpasswd2 -p -c -f "$conf/sasldb2" -u mx.example.test user <<<secret
chmod 600 "$conf/sasldb2"
# No DNS, which it asks on its own otherwise.
echo 'hosts files' >"$conf/service.switch"
touch "$conf"/{aliases,local-host-names,trusted-users}
install -m 755 "$here/deliver.sh" "$conf/deliver"

sed -e "s/@INSTANCE@/$INSTANCE/" -e "s/@SUBMISSION@/$PORT_SUBMISSION/" -e "s/@OPEN@/$PORT_OPEN/" \
	"$here/sendmail.mc" >"$conf/bulksmtp.mc"
m4 -D_CF_DIR_=/usr/share/sendmail/cf/ "$conf/bulksmtp.mc" >"$conf/bulksmtp.cf"
# In the foreground, with a run through the queue each second.
exec /usr/libexec/sendmail/sendmail -bD -q1s -C "$conf/bulksmtp.cf"
