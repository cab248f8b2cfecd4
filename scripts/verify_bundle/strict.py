"""Reading without good will: one way to write a thing, and a sentence for every other."""

import datetime
import functools
import hashlib
import json
import re

MAX_LEVELS = 128  # of arrays and objects within one another
MAX_INTEGER = 2**53 - 1

TIME = re.compile(r"((19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3])(:[0-5][0-9]){2}\.[0-9]{6}Z")
DIGEST = re.compile(r"[0-9a-f]{64}")


class Wrong(Exception):
    """The bundle does not hold, from a position on where one is known."""

    def __init__(self, reason, position=None):
        super().__init__(reason)
        self.position = position


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def once(members):
    """An object, none of whose members is there twice."""
    found = dict(members)
    if len(found) != len(members):
        seen = set()
        key = next(key for key, _ in members if key in seen or seen.add(key))
        raise Wrong("the member %s is there twice" % json.dumps(key))
    return found


def whole(digits):
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise Wrong("the number %s is beyond 2^53 - 1" % digits[:20])
    return int(digits)


def no_fraction(text):
    raise Wrong("the number %s is no integer" % text[:20])


DECODER = json.JSONDecoder(
    object_pairs_hook=once, parse_float=no_fraction, parse_int=whole, parse_constant=no_fraction, strict=True
)


def parse(data):
    """The value of JSON in UTF-8 bytes."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise Wrong("it begins with a byte order mark")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Wrong("it is no UTF-8 at byte %d" % error.start)
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise Wrong("it is nested deeper than %d levels" % MAX_LEVELS)
    except ValueError as error:
        raise Wrong("it is no JSON: %s" % error)
    # Brackets in texts count too: that only makes one look.
    if data.count(b"[") + data.count(b"{") > MAX_LEVELS and levels(value) > MAX_LEVELS:
        raise Wrong("it is nested deeper than %d levels" % MAX_LEVELS)
    if "\\u" in text:
        try:
            canonical(value).encode()
        except UnicodeEncodeError:
            raise Wrong("a text has half of a surrogate pair")
    return value


def levels(value):
    deepest, left = 0, [(value, 1)]
    while left:
        found, level = left.pop()
        members = found.values() if isinstance(found, dict) else found if isinstance(found, list) else None
        if members is not None:
            deepest = max(deepest, level)
            left.extend((member, level + 1) for member in members)
    return deepest


ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value):
    """RFC 8785 of text, integers and objects: keys by UTF-16 units, no space, shortest escapes."""
    text = ENCODER.encode(value)
    # Of ASCII the order of units is that of characters, in which the encoder sorts.
    return text if text.isascii() else sorted_by_units(value)


def sorted_by_units(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(json.dumps(key, ensure_ascii=False) + ":" + sorted_by_units(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(sorted_by_units, value)) + "]"
    # What json escapes is what RFC 8785 escapes, except that it writes U+007F as it is in both.
    return json.dumps(value, ensure_ascii=False)


def integer(value):
    return type(value) is int and value >= 0


def text(value):
    return type(value) is str


def flat(value):
    return type(value) is dict and all(map(text, value.values()))


@functools.lru_cache(maxsize=4096)
def is_day(value):
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def time(value):
    found = TIME.fullmatch(value) if text(value) else None
    return found is not None and is_day(found.group(1))


def digest(value):
    return text(value) and DIGEST.fullmatch(value) is not None


def members(body, wanted, may=()):
    """An object with exactly these members, each as its check wants it; those in `may` can be left out."""
    if type(body) is not dict:
        raise Wrong("it is no object")
    for name in body:
        if name not in wanted:
            raise Wrong("it has an unknown member %s" % json.dumps(name))
    for name, fits in wanted.items():
        if name not in body:
            if name not in may:
                raise Wrong("it lacks the member %s" % name)
        elif not fits(body[name]):
            raise Wrong("the member %s is not of its form" % name)
    return body
