# SCRAM-SHA-256-PLUS for aiosmtpd, which has none: RFC 5802 and RFC 7677, bound by
# tls-unique (RFC 5929) as OpenSSL has it. Python has no tls-exporter, so that it is
# there in TLS 1.2 only.
import base64
import hashlib
import hmac
import secrets

from aiosmtpd.smtp import MISSING, AuthResult

NAME = "SCRAM-SHA-256-PLUS"
ITERATIONS = 4096
HEADER = "p=tls-unique,,"
REFUSED = AuthResult(success=False, handled=False)


def mac(key, text):
    return hmac.digest(key, text.encode(), "sha256")


def binding(server):
    tls = server.transport.get_extra_info("ssl_object")
    return tls.get_channel_binding("tls-unique") if tls and tls.version() == "TLSv1.2" else None


class Scram:
    users = {}

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if not binding(server):
            responses = [line.replace(" " + NAME, "") for line in responses]
        return responses

    async def auth_SCRAM__SHA__256__PLUS(self, server, args):
        bound = binding(server)
        if len(args) < 2 or not bound:
            return REFUSED
        first = base64.b64decode(args[1]).decode()
        if not first.startswith(HEADER):
            return REFUSED
        bare = first[len(HEADER) :]
        user, nonce = (field[2:] for field in bare.split(","))
        salt, nonce = secrets.token_bytes(16), nonce + secrets.token_hex(12)
        challenge = f"r={nonce},s={base64.b64encode(salt).decode()},i={ITERATIONS}"
        answer = await server.challenge_auth(challenge)
        if answer is MISSING:
            return AuthResult(success=False, handled=True)
        without, _, proof = answer.decode().rpartition(",p=")
        password = hashlib.pbkdf2_hmac("sha256", self.users.get(user, "").encode(), salt, ITERATIONS)
        key, text = mac(password, "Client Key"), f"{bare},{challenge},{without}"
        want = bytes(a ^ b for a, b in zip(key, mac(hashlib.sha256(key).digest(), text)))
        channel = base64.b64encode(HEADER.encode() + bound).decode()
        if user not in self.users or without != f"c={channel},r={nonce}" or base64.b64decode(proof) != want:
            return REFUSED
        signature = base64.b64encode(mac(mac(password, "Server Key"), text)).decode()
        if await server.challenge_auth(f"v={signature}") is MISSING:
            return AuthResult(success=False, handled=True)
        return AuthResult(success=True)
