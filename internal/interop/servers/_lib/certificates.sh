# shellcheck shell=bash
# Sourced by the start scripts: a certificate authority that lives as long as
# WORK, and a server certificate from it.

# make_certificates leaves ca.pem, chain.pem and server.key in WORK.
make_certificates() {
	local names=subjectAltName=DNS:mx.example.test,DNS:localhost,IP:127.0.0.1
	(
		cd "$WORK"
		exec 2>openssl.log
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
			-keyout ca.key -out ca.pem -subj "/CN=bulksmtp test authority" \
			-addext keyUsage=critical,keyCertSign,cRLSign
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
			-keyout server.key -out server.csr -subj /CN=mx.example.test
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
			-extfile <(printf '%s\n' "$names" extendedKeyUsage=serverAuth) -out server.pem
		cat server.pem ca.pem >chain.pem
	) || { cat "$WORK/openssl.log"; exit 1; }
}
