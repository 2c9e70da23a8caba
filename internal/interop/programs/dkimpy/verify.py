"""verify.py INPUT OUTPUT verifies the DKIM signatures of messages.

INPUT is JSON: {"records": {name: text}, "messages": [base64]}; records are the
DNS, the names without a dot at the end. OUTPUT is JSON: for each message a list
with an entry for each of its signatures, "" for a good one, else what is wrong.
"""

import base64
import json
import re
import sys

import dkim


def main(source, target):
    with open(source) as f:
        data = json.load(f)
    records = {name: text.encode() for name, text in data["records"].items()}

    def lookup(name, timeout=5):
        return records.get(name.decode().rstrip("."))

    results = [verify(base64.b64decode(m), lookup) for m in data["messages"]]
    with open(target, "w") as f:
        json.dump(results, f)


def verify(message, lookup):
    header = message.split(b"\r\n\r\n", 1)[0]
    count = len(re.findall(rb"(?mi)^dkim-signature:", header))
    return [verify_one(message, i, lookup) for i in range(count)]


def verify_one(message, index, lookup):
    try:
        good = dkim.DKIM(message).verify(idx=index, dnsfunc=lookup)
    except dkim.DKIMException as e:
        return f"{type(e).__name__}: {e}"
    return "" if good else "signature does not match"


if __name__ == "__main__":
    main(*sys.argv[1:])
