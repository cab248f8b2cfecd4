"""Signed notes and checkpoints (C2SP), with Ed25519 (RFC 8032, section 5.1) for verification only."""

import base64
import hashlib
import unicodedata

from .strict import Wrong, sha256

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

MAX_SIGNATURES = 64
MAX_NAME_BYTES = 255
MAX_NOTE_BYTES = 64 * 1024
MAX_SIZE = 2**64 - 1


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, point):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    if len(signature) != 64:
        return False
    public, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if public is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    return same(times(s, BASE), add(r, times(h, public)))


def verification_key(text):
    """Name, id and key of NAME+ID+KEY; ValueError for anything else."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise ValueError("not a verification key, which is NAME+ID+KEY: " + text)
    name, key_id, encoded = parts
    data = base64.b64decode(encoded, validate=True)
    if data[:1] != b"\x01" or len(data) != 33 or sha256(name.encode(), b"\n", data)[:4].hex() != key_id:
        raise ValueError("not a verification key: " + text)
    return name, bytes.fromhex(key_id), data[1:]


def decoded(encoded, what):
    """The bytes of a base64 text. Of the texts that a lenient decoder takes for the same bytes, one is right."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise Wrong("%s is no base64" % what)
    if base64.b64encode(data).decode() != encoded:
        raise Wrong("%s is not the base64 of its bytes" % what)
    return data


def is_name(text):
    """Whether a key may be called so; control characters are in no note."""
    return 0 < len(text.encode()) <= MAX_NAME_BYTES and not any(c.isspace() or c == "+" for c in text)


def checkpoint(note, keys):
    """Size, root, and the names of the keys that signed, which are of the log that is named."""
    if len(note.encode()) > MAX_NOTE_BYTES:
        raise Wrong("a checkpoint has more than %d bytes" % MAX_NOTE_BYTES)
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    if not gap or not lines.endswith("\n"):
        raise Wrong("a checkpoint is no signed note: a text, an empty line, signature lines, each ended")
    if any(unicodedata.category(c) == "Cc" and c != "\n" for c in note):
        raise Wrong("a checkpoint holds control characters")
    signatures = lines[:-1].split("\n")
    if len(signatures) > MAX_SIGNATURES:
        raise Wrong("a checkpoint has more than %d signatures" % MAX_SIGNATURES)
    signers = []
    for line in signatures:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not is_name(parts[1]):
            raise Wrong("a signature line of a checkpoint is not a dash, a name and a signature")
        name, blob = parts[1], decoded(parts[2], "a signature")
        if len(blob) < 4:
            raise Wrong("a signature of a checkpoint is too short")
        for key_name, key_id, key in keys:
            if (name, blob[:4]) == (key_name, key_id):
                if not signed(key, text.encode(), blob[4:]):
                    raise Wrong("a checkpoint has a forged signature of " + name)
                signers.append(name)
    head = text.split("\n")
    if len(head) < 4 or not head[0]:
        raise Wrong("a checkpoint has not a name, a size and a root, each on a line")
    if not (head[1].isascii() and head[1].isdigit() and str(int(head[1][:20])) == head[1] and int(head[1]) <= MAX_SIZE):
        raise Wrong("the size of a checkpoint is no number")
    if not all(head[3:-1]):
        raise Wrong("an extension line of a checkpoint is empty")
    root = decoded(head[2], "the root of a checkpoint")
    if len(root) != 32:
        raise Wrong("the root of a checkpoint is no digest")
    # A key of another name says nothing of the log that is named here.
    return int(head[1]), root, [name for name in signers if name == head[0]]
