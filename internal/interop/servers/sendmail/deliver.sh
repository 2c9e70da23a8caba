#!/bin/bash
# Delivers a message to a recipient, for Sendmail: SENDER LOCAL-PART DOMAIN. It
# writes the envelope on top of what Sendmail gives, whose first field is
# Received.
set -euo pipefail
[[ $3 != discard.test ]] || exec cat >/dev/null
name=$(date +%s%N).$$
{
	printf 'Return-Path: <%s>\nX-Original-To: %s@%s\n' "$1" "$2" "$3"
	cat
} >"/var/vmail/all/tmp/$name"
mv "/var/vmail/all/tmp/$name" /var/vmail/all/new/
