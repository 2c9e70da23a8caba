# A start script whose server never listens, and which ends when its standard
# input does.
echo started
cat >/dev/null
