# A start script on a machine that cannot run its server.
echo "some work first"
echo "not on Mondays"
exit 77
