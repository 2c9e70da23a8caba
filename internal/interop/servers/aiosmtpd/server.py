# A server of aiosmtpd for the tests. It takes its ports and its directory from
# the environment, see ../README.md.
import asyncio
import email
import itertools
import logging
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from scram import Scram

work = os.environ["WORK"]
box = os.path.join(work, "maildir")
serial = itertools.count()

SENDERS = {
    "badsender@": "550 5.7.1 sender refused",
    "tmpsender@": "451 4.7.1 sender deferred",
    "close@": "421 4.7.0 closing on this sender",
}
RECIPIENTS = {
    "bad": "550 5.1.1 no such user",
    "tmp": "450 4.2.1 mailbox busy",
    "full": "452 4.2.2 mailbox full",
    "close": "421 4.3.2 closing on this recipient",
}


def refusal(rules, address):
    return next((reply for prefix, reply in rules.items() if address.startswith(prefix)), None)


def dropped(address):
    return address.endswith("@discard.test")


class Handler(Scram):
    users = {"user": "secret"}

    def __init__(self, messages):
        self.messages = messages  # a connection; 0: without limit

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.messages and getattr(session, "taken", 0) >= self.messages:
            return "421 4.7.0 too many messages in this connection"
        reply = refusal(SENDERS, address)
        if reply:
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = None if dropped(address) else refusal(RECIPIENTS, address)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.append(options)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        subject = email.message_from_bytes(envelope.original_content)["Subject"] or ""
        if subject.startswith("REJECTME"):
            return "550 5.7.1 content refused"
        deliver(envelope)
        session.taken = getattr(session, "taken", 0) + 1
        return "250 2.0.0 queued"


# A file for each recipient, the envelope on top.
def deliver(envelope):
    # The process before a restart may have had the same number.
    id = f"{loop_began}.{next(serial)}"
    for n, address in enumerate(a for a in envelope.rcpt_tos if not dropped(a)):
        top = (
            f"Return-Path: <{envelope.mail_from}>\r\nX-Original-To: {address}\r\n"
            f"Received: by mx.example.test (aiosmtpd) id {id}\r\n"
        )
        name = f"{id}.{n}"
        with open(f"{box}/tmp/{name}", "wb") as file:
            file.write(top.encode() + envelope.original_content)
        os.rename(f"{box}/tmp/{name}", f"{box}/new/{name}")


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"user", b"secret")
    return AuthResult(success=good, handled=False)


def factory(tls, login=False, messages=0, size=1 << 20):
    return lambda: SMTP(
        Handler(messages),
        hostname="mx.example.test",
        ident="ESMTP aiosmtpd " + os.environ["INSTANCE"],
        data_size_limit=size,
        enable_SMTPUTF8=True,
        tls_context=tls,
        require_starttls=login,
        authenticator=authenticate,
        auth_required=login,
    )


async def main():
    global loop_began
    loop = asyncio.get_running_loop()
    loop_began = str(loop.time())
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(f"{work}/chain.pem", f"{work}/server.key")
    for port, make in {
        "SUBMISSION": factory(tls, login=True),
        "OPEN": factory(tls),
        "LIMITED": factory(tls, messages=5),
        "SMALL": factory(tls, size=1000),
    }.items():
        await loop.create_server(make, "127.0.0.1", int(os.environ["PORT_" + port]))
    await asyncio.Event().wait()


for part in "tmp", "new":
    os.makedirs(os.path.join(box, part), exist_ok=True)
# It logs every line of a message.
logging.disable(logging.CRITICAL)
asyncio.run(main())
