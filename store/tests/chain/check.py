"""Checks an export of a log against its chain, with nothing but Python: docs/chain.md has the rules, and nothing of Morgue is used.

    morgue log export | python3 check.py [HEAD]

HEAD is a line of `morgue log head` that was kept elsewhere: the log must still have it. Prints the head; ends with 1 and the first event
that does not fit."""

import re
import sys
from hashlib import sha256
from json import JSONDecoder
from json.decoder import scanstring

NO_EXTRAS = {"seq", "recorded", "revision", "type", "id", "time", "data", "salt", "erased", "schema", "digest"}


def members(line):
    """The members of an object: each name with its value's own characters, in their order."""
    at, found = 1, []
    while line[at] != "}":
        at += line[at] == ","
        start = at
        name, at = scanstring(line, at + 1)
        _, end = JSONDecoder().raw_decode(line, at + 1)
        found.append((name, line[start:end], line[at + 1:end]))
        at = end
    return found


def milliseconds(time):
    """A time in UTC as milliseconds since 1970, by the Gregorian calendar in any year."""
    year, month, day, hour, minute, second, part = re.fullmatch(
        r"([+-]?\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?Z", time).groups()
    year, month = int(year) - (int(month) <= 2), (int(month) + 9) % 12
    days = year // 400 * 146097 + year % 400 * 365 + year % 400 // 4 - year % 400 // 100 + (month * 153 + 2) // 5 + int(day) - 719469
    return (((days * 24 + int(hour)) * 60 + int(minute)) * 60 + int(second)) * 1000 + int((part or "0").ljust(3, "0"))


def payload_digest(event, whole):
    """The digest of what an event says: of the salted payload, or what an erasure has left of it."""
    if "erased" in event:
        return bytes.fromhex(event["erased"])
    extras = ",".join(text for name, text, _ in whole if name not in NO_EXTRAS)
    data = next(value for name, _, value in whole if name == "data")
    payload = ("{" + extras + "}" if extras else "") + "\n" + data
    return sha256(bytes.fromhex(event["salt"]) + payload.encode()).digest()


def main(kept):
    link, seq, known = bytes(32), 0, kept is None
    for line in sys.stdin.buffer:
        line = line.decode().rstrip("\n")
        event, whole = JSONDecoder().decode(line), members(line)
        seq += 1
        time = milliseconds(event["time"]) if "time" in event else "-"
        envelope = f"{event['seq']} {milliseconds(event['recorded'])} {time} {event.get('schema', 1)} {event['type']} {event['id']}"
        link = sha256(link + payload_digest(event, whole) + envelope.encode()).digest()
        if event["seq"] != seq or event["digest"] != link.hex():
            sys.exit(f"event {seq} is not what was recorded: its link is {link.hex()}, and it says {event['digest']}")
        known |= kept is not None and kept.split() == [str(seq), event["recorded"], link.hex()]
    if not known:
        sys.exit(f"the log does not have the head that was kept: {kept}")
    print(seq, event["recorded"] if seq else "-", link.hex())


main(sys.argv[1] if len(sys.argv) > 1 else None)
