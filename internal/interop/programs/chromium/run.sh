#!/bin/bash
# Looks at pages with Debian's Chromium: see browse.sh for input and output, and
# ../../servers/README.md for the variables.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require packages namespace; do
	# shellcheck source=/dev/null
	. "$here/../../servers/_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE
require_debian
require_namespaces
require_commands flock tar
# The shell has no windows, so it needs no desktop. Without a font there is no text.
fetch_packages chromium chromium-headless-shell fonts-liberation
enter_namespace bash "$here/browse.sh" "$WORK"
