# A start script that fails.
echo "fatal: no such thing" >&2
exit 1
