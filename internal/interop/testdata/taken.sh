# A start script that finds one of its ports in use.
echo "fatal: bind 127.0.0.1 port $PORT_OPEN: Address already in use"
exit 1
