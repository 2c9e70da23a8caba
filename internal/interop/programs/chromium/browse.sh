#!/bin/bash
# browse.sh WORK opens pages in headless Chromium.
#
# WORK/input has a line for each page: width and height of the window in pixels,
# light or dark, and the URL, parted by single spaces. WORK/output is a tar archive
# with two files for each page, counted from 0: N.png, a screenshot of the
# window, and N.html, the document as it is after its scripts have run.
set -euo pipefail
work=$1
mkdir "$work/pages" "$work/home"
export HOME=$work/home

number=0
while read -r width height scheme url; do
	options=()
	[[ $scheme == light ]] || options+=(--blink-settings=preferredColorScheme=0)
	# No sandbox: it is root in a container that may not make one. No GPU, no
	# shared memory file system: there may be none.
	timeout 60 chromium-headless-shell --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--disable-background-networking --no-first-run --hide-scrollbars --force-device-scale-factor=1 \
		--user-data-dir="$work/home/profile" --window-size="$width,$height" --virtual-time-budget=5000 "${options[@]}" \
		--screenshot="$work/pages/$number.png" --dump-dom "$url" \
		</dev/null >"$work/pages/$number.html" 2>"$work/chromium.log" || { cat "$work/chromium.log"; exit 1; }
	[[ -s $work/pages/$number.png ]] || { echo "no screenshot of $url"; cat "$work/chromium.log"; exit 1; }
	number=$((number + 1))
done <"$work/input"
tar -cf "$work/output" -C "$work/pages" .
