#!/bin/bash
# Verifies DKIM signatures with Debian's dkimpy: see verify.py for input and
# output, and ../../servers/README.md for the variables.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in require packages namespace; do
	# shellcheck source=/dev/null
	. "$here/../../servers/_lib/$part.sh"
done

require_variables WORK CACHE INSTANCE
require_debian
require_namespaces
require_commands flock
# python3-nacl is what dkimpy verifies Ed25519 with.
fetch_packages dkimpy python3-dkim python3-nacl
# Debian's own interpreter, not another that comes first in PATH.
enter_namespace /usr/bin/python3 "$here/verify.py" "$WORK/input" "$WORK/output"
