# shellcheck shell=bash
# Sourced by the start scripts: modules for Node.js from npm, outside the
# repository.

# fetch_modules NAME DIR installs what DIR/package-lock.json names, and nothing
# that is not in there, and has Node.js find it: NODE_PATH. No script of a package
# runs for it.
fetch_modules() {
	local name=$1 dir=$2 lock
	require_commands node npm flock
	lock=$(cat "$dir"/package.json "$dir"/package-lock.json | cksum)
	MODULES=$CACHE/npm/$name-${lock%% *}
	export NODE_PATH=$MODULES/node_modules
	mkdir -p "$MODULES"
	# Test binaries of several packages may be here at once.
	exec 9>"$MODULES/.lock"
	flock 9
	if [[ ! -e $MODULES/.complete ]]; then
		[[ ${APT:-} == 1 ]] || skip "modules not downloaded and downloads not allowed: $name"
		cp "$dir"/package.json "$dir"/package-lock.json "$MODULES/"
		(cd "$MODULES" && npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund) || exit 1
		touch "$MODULES/.complete"
	fi
	exec 9>&-
}
