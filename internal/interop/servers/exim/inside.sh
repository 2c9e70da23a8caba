#!/bin/bash
# Configures and runs Exim, inside its namespaces.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
conf=/etc/exim4

# What the package's installation would have done, or has done.
id Debian-exim >/dev/null 2>&1 || useradd --system --user-group Debian-exim
mkdir -p "$conf" /var/spool/exim4 /var/log/exim4 /var/vmail
chown Debian-exim: /var/spool/exim4 /var/log/exim4 /var/vmail

cp "$WORK/chain.pem" "$WORK/server.key" "$conf/"
chgrp Debian-exim "$conf/server.key"
chmod g+r "$conf/server.key"
sed -e "s/@INSTANCE@/$INSTANCE/" -e "s/@SUBMISSION@/$PORT_SUBMISSION/" -e "s/@SMALL@/$PORT_SMALL/" \
	"$here/exim.conf" >"$conf/common.conf"

# Before Exim makes them, as root at first.
touch /var/log/exim4/{main,reject,panic}log
chown Debian-exim: /var/log/exim4/*

# daemon FILE OPTION... runs an Exim with options of its own. All share one
# queue; deliveries run the binary anew, by the file that the message came with. What a killed one has
# left in the queue is for the next run through it.
daemon() {
	local file=$conf/$1
	shift
	printf '%s\n' "$@" ".include $conf/common.conf" >"$file"
	echo "$file" >>"$conf/trusted_configs"
	exim4 -C "$file" -bdf -q5s &
}
daemon exim4.conf "local_interfaces = <; 127.0.0.1.$PORT_SUBMISSION ; 127.0.0.1.$PORT_OPEN ; 127.0.0.1.$PORT_SMALL" \
	'pid_file_path = /run/exim-bulksmtp.pid'
# The limit is for a whole daemon.
daemon limited.conf "local_interfaces = <; 127.0.0.1.$PORT_LIMITED" \
	'pid_file_path = /run/exim-bulksmtp-limited.pid' 'smtp_accept_max_per_connection = 5'

# Standard output is the harness's log, and in many of Exim's processes a socket.
tail --quiet --lines=+1 --follow /var/log/exim4/{main,panic}log &
wait -n
