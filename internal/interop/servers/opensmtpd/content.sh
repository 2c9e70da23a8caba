#!/bin/bash
# A filter process for OpenSMTPD (smtpd-filters(7)): it passes the lines of
# messages on and refuses those whose subject asks for it.
set -euo pipefail
declare -A refused
while IFS= read -r line; do
	case $line in
	'config|ready')
		printf '%s\n' 'register|filter|smtp-in|data-line' 'register|filter|smtp-in|commit' 'register|ready'
		;;
	'filter|'*)
		# filter|VERSION|TIME|smtp-in|PHASE|SESSION|TOKEN|PARAMETER
		rest=${line#*|*|*|*|}
		phase=${rest%%|*} rest=${rest#*|}
		session=${rest%%|*} rest=${rest#*|}
		token=${rest%%|*} parameter=${rest#*|}
		if [[ $phase == data-line ]]; then
			[[ $parameter != 'Subject: REJECTME'* ]] || refused[$session]=1
			echo "filter-dataline|$session|$token|$parameter"
		elif [[ -n ${refused[$session]:-} ]]; then
			unset "refused[$session]"
			echo "filter-result|$session|$token|reject|550 5.7.1 content refused"
		else
			echo "filter-result|$session|$token|proceed"
		fi
		;;
	esac
done
