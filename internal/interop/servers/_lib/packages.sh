# shellcheck shell=bash
# Sourced by the start scripts: Debian packages, downloaded and never installed.

# fetch_packages NAME PACKAGE... puts the packages, and what they depend on and
# the machine lacks, into DEBS. The set is resolved by apt, so it fits what is
# installed; nothing is removed or configured for it.
fetch_packages() {
	local name=$1
	shift
	DEBS=$CACHE/$(dpkg --print-architecture)-$(cut -d. -f1 /etc/debian_version)/$name
	export DEBS
	mkdir -p "$DEBS/partial"
	# Test binaries of several packages may be here at once.
	exec 9>"$DEBS/.lock"
	flock 9
	if [[ ! -e $DEBS/.complete ]] && ! installed "$@"; then
		[[ ${APT:-} == 1 ]] || skip "packages not downloaded and apt not allowed: $*"
		# Package lists are absent from fresh container images, and go stale.
		download "$@" || { apt-get -q update && download "$@"; } || exit 1
		touch "$DEBS/.complete"
	fi
	exec 9>&-
}

installed() {
	local package
	for package in "$@"; do
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || return 1
	done
}

# The sandbox user of apt may not be able to write to the cache.
download() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y install --download-only --no-install-recommends \
		-o Dir::Cache::archives="$DEBS" -o APT::Sandbox::User=root "$@"
}
