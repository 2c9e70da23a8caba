"""Reads mails with Python's email package, for TestReaders.

Each line of the input is a mail in base64; each line of the output is what the
package makes of it, as JSON.
"""
import base64
import email
import email.header
import email.policy
import email.utils
import json
import sys


def leaves(part):
    if part.get_content_maintype() == "multipart":
        for inner in part.iter_parts():
            yield from leaves(inner)
    else:
        yield part


def content(part):
    if part.get_content_type() == "message/rfc822":
        return part.get_payload(0).as_bytes(policy=email.policy.SMTP)
    return part.get_payload(decode=True)


def addresses(raw, name):
    # The newer API puts a space between the encoded words of a display name
    # (Python 3.11), which RFC 2047 6.2 forbids.
    value = email.message_from_bytes(raw, policy=email.policy.compat32)[name]
    if value is None:
        return []
    pairs = email.utils.getaddresses([value.replace("\r", "").replace("\n", "")])
    return [[str(email.header.make_header(email.header.decode_header(n))), a] for n, a in pairs]


def read(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    parts = []
    for part in leaves(message):
        defects = part.defects + [d for value in part.values() for d in value.defects]
        if defects:
            raise ValueError(f"{defects} in {part.items()}")
        parts.append({
            "Type": part.get_content_type(),
            "Disposition": part.get_content_disposition() or "",
            "Filename": part.get_filename() or "",
            "ContentID": (part["Content-Id"] or "").strip("<>"),
            "Method": part.get_param("method", ""),
            "Format": part.get_param("format", ""),
            "Content": base64.b64encode(content(part)).decode(),
        })
    return {
        "Subject": message["Subject"],
        "From": addresses(raw, "From"),
        "To": addresses(raw, "To"),
        "MessageID": message["Message-ID"],
        "Unsubscribe": message["List-Unsubscribe"] or "",
        "ListID": message["List-Id"] or "",
        "Extra": message["X-Extra"] or "",
        "Parts": parts,
    }


for line in sys.stdin:
    print(json.dumps(read(base64.b64decode(line))))
