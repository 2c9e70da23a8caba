# shellcheck shell=bash
# Sourced by the start scripts: the way into a server's namespaces.

# enter_namespace COMMAND... runs init.sh with the command as process 1 of a pid
# namespace, with mounts and a host name of its own. It replaces the script, so
# that the pid which the harness knows is the one to wait for, to kill (which
# kills process 1, and with it all others), and to look through at /proc/PID/root.
enter_namespace() {
	exec unshare --mount --uts --pid --fork --kill-child=KILL --mount-proc --propagation private \
		bash "$(dirname "${BASH_SOURCE[0]}")/init.sh" "$@"
}
