# shellcheck shell=bash
# Sourced by the start scripts: what the machine must have. What it lacks ends
# the script with status 77, which the harness takes for "skip".

skip() {
	echo "$*"
	exit 77
}

require_variables() {
	local name
	for name in "$@"; do
		[[ -n ${!name:-} ]] || { echo "$name is not set"; exit 2; }
	done
}

require_commands() {
	local name
	for name in "$@"; do
		command -v "$name" >/dev/null || skip "$name is not installed"
	done
}

require_debian() {
	[[ -e /etc/debian_version ]] || skip "not a Debian system"
	require_commands dpkg dpkg-query
}

# Tried out, since being root does not say it: containers are often denied the
# one or the other.
require_namespaces() {
	[[ $EUID -eq 0 ]] || skip "not root"
	require_commands unshare
	mkdir "$WORK/try"
	# shellcheck disable=SC2016 # $1 is the inner shell's
	unshare --mount --uts --pid --fork --mount-proc --propagation private bash -ec '
		mount -t tmpfs tmpfs "$1"
		mkdir "$1/upper" "$1/work"
		mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" overlay /etc
	' try "$WORK/try" || skip "no namespaces with overlayfs here"
	rmdir "$WORK/try"
}
