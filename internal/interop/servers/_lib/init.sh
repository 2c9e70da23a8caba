#!/bin/bash
# Process 1 of a server's namespaces: lays the packages over the system and
# runs the command. When process 1 ends, the kernel ends all others.
set -euo pipefail

# The layers are in memory: overlayfs refuses an upper layer that is itself on
# overlayfs, as a container's disk is.
stage=$WORK/stage
mkdir "$stage"
mount -t tmpfs tmpfs "$stage"
upper=$stage/upper
mkdir -p "$upper"/{usr,etc,var} "$stage"/work/{usr,etc,var}

shopt -s nullglob
for deb in "$DEBS"/*.deb; do
	dpkg -x "$deb" "$upper"
done
# Some packages still use the names that are links into /usr on the system.
for dir in bin sbin lib lib64; do
	[[ ! -d $upper/$dir ]] || cp -a "$upper/$dir/." "$upper/usr/$dir/"
done
for dir in usr etc var; do
	mount -t overlay -o "lowerdir=/$dir,upperdir=$upper/$dir,workdir=$stage/work/$dir" overlay "/$dir"
done

hostname mx.example.test
# No DNS: there is nothing to look up outside the machine. The files may be
# links or mounts that lead out of /etc, so they are replaced, not written to.
rm -f /etc/hosts /etc/resolv.conf /etc/nsswitch.conf
echo '127.0.0.1 mx.example.test mx localhost' >/etc/hosts
touch /etc/resolv.conf
printf '%s: files\n' hosts passwd group >/etc/nsswitch.conf

# shellcheck source=supervise.sh
. "$(dirname "${BASH_SOURCE[0]}")/supervise.sh"
supervise "$@"
