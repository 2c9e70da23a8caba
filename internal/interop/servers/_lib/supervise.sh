# shellcheck shell=bash
# Sourced by what runs a server: init.sh, and the start scripts of servers that
# need no namespaces.

# supervise COMMAND... runs the command and ends with it or with the standard
# input, the lifeline: however the parent ends, this end of the pipe sees it. A
# line there kills the server with all its processes, as a loss of power would,
# and starts it anew.
supervise() {
	local ended status line
	# Bash leaves the input of what runs in the background empty.
	exec 3<&0
	# Process 1 is immune to signals that it does not trap.
	server=
	trap 'exit 0' TERM INT HUP
	trap end_server EXIT
	while true; do
		setsid "$@" </dev/null 3<&- &
		server=$!
		(read -r line <&3) &
		line=$!
		status=0
		wait -n -p ended "$server" "$line" || status=$?
		if [[ $ended == "$server" ]]; then
			kill "$line"
			return "$status"
		fi
		end_server
		[[ $status -eq 0 ]] || return 0
		echo "supervise: killed, starting anew"
	done
}

# end_server kills the server and waits until its last process, and with it the
# last hold on its ports, is gone. As process 1 everybody else is the server's.
end_server() {
	[[ -n $server ]] || return 0
	local whom=-$server
	[[ $$ -ne 1 ]] || whom=-1
	# By its pid too: it may not have come to setsid yet, and then has no group.
	while kill -KILL -- "$whom" 2>/dev/null || [[ $$ -ne 1 ]] && kill -KILL "$server" 2>/dev/null; do
		sleep 0.02
	done
}
