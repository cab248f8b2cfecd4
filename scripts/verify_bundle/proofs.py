"""Proofs and explanations, checked from their own text alone (RFC 9162, sections 2.1.3.2 and 2.1.4.2)."""

from . import events, notes, strict
from .notes import decoded
from .strict import Wrong, members, parse, sha256

EXPLANATION = "pg-atlas-explain/1"
TLOG_PROOF = "c2sp.org/tlog-proof@v1"
MAX_BYTES = 256 * 1024 * 1024
MAX_HASHES = 64  # a tree has at most 2^64 leaves
NOT_CHECKED = "that the value is this, and that no other event says otherwise, is for a fold of the whole log"


def hashes(value):
    return type(value) is list and len(value) <= MAX_HASHES and all(map(strict.digest, value))


def texts(value):
    return type(value) is list and bool(value) and all(map(strict.text, value))


def or_null(fits):
    return lambda value: value is None or fits(value)


def anything(_):
    return True


INCLUSION = {
    "position": strict.integer,
    "leaf_index": strict.integer,
    "leaf_hash": strict.digest,
    "tree_size": strict.integer,
    "root": strict.digest,
    "proof": hashes,
}
CONSISTENCY = {
    "from": strict.integer,
    "to": strict.integer,
    "from_root": strict.digest,
    "to_root": strict.digest,
    "proof": hashes,
}
EXPLAINED = {
    **dict.fromkeys(("format", "id", "level", "metric", "formula"), strict.text),
    "value": anything,
    "label": or_null(strict.text),
    "position": strict.integer,
    "formula_hash": strict.digest,
    "tree_size": strict.integer,
    "root": strict.digest,
    "checkpoint": or_null(strict.text),
    "published": anything,
    "events": lambda value: type(value) is list,
}
PROVEN = {"because": texts, "leaf_index": strict.integer, "proof": hashes}


def node(left, right):
    return sha256(b"\x01", left, right)


def includes(leaf, index, size, path, root):
    if index >= size:
        return False
    last, found = size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            found = node(other, found)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            found = node(found, other)
        index, last = index >> 1, last >> 1
    return last == 0 and found == root


def extends(old, old_root, new, new_root, path):
    if old > new or (old == new and (path or old_root != new_root)):
        return False
    if old == 0:
        return not path and old_root == sha256()
    if old == new:
        return True
    path = ([old_root] if old & (old - 1) == 0 else []) + path
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    if not path:
        return False
    of_old = of_new = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            of_old, of_new = node(other, of_old), node(other, of_new)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            of_new = node(of_new, other)
        index, last = index >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == new_root


def digests(proof, *names):
    path = [bytes.fromhex(digest) for digest in proof["proof"]]
    return (*(bytes.fromhex(proof[name]) for name in names), path)


def unsigned(keys):
    if keys:
        raise Wrong("nothing in it is signed, so no key vouches for it")


def opened(note, keys):
    """Size and root of a checkpoint that one of the keys has signed; of any where none is given."""
    size, root, signers = notes.checkpoint(note, keys)
    if keys and not signers:
        raise Wrong("no given key has signed its checkpoint")
    return size, root


def inclusion(proof, keys):
    members(proof, INCLUSION)
    if proof["leaf_index"] + 1 != proof["position"]:
        raise Wrong("leaf %d is not the event at position %d" % (proof["leaf_index"], proof["position"]))
    leaf, root, path = digests(proof, "leaf_hash", "root")
    if not includes(leaf, proof["leaf_index"], proof["tree_size"], path, root):
        raise Wrong("the path does not lead from the leaf to the root")
    unsigned(keys)


def consistency(proof, keys):
    members(proof, CONSISTENCY)
    old_root, new_root, path = digests(proof, "from_root", "to_root")
    if not extends(proof["from"], old_root, proof["to"], new_root, path):
        raise Wrong("the log of size %d is not shown to begin with that of size %d" % (proof["to"], proof["from"]))
    unsigned(keys)


def proven(event, size, root):
    """What the payload of an event says, once its bytes, its leaf and its path hold."""
    if type(event) is not dict:
        raise Wrong("an event is no object")
    proof = {name: event.get(name) for name in PROVEN}
    members(proof, PROVEN)
    rest = {name: value for name, value in event.items() if name not in PROVEN}
    facts = events.check(rest)
    if facts is None:
        raise Wrong("the payload of position %d is erased, and nothing rests on what was erased" % rest["position"])
    if proof["leaf_index"] + 1 != rest["position"]:
        raise Wrong("position %d is not leaf %d" % (rest["position"], proof["leaf_index"]))
    path = [bytes.fromhex(digest) for digest in proof["proof"]]
    if not includes(bytes.fromhex(rest["leaf_hash"]), proof["leaf_index"], size, path, root):
        raise Wrong("the path does not lead from position %d to the root" % rest["position"])
    return rest, facts


def explanation(found, keys):
    members(found, EXPLAINED)
    size, root = found["tree_size"], bytes.fromhex(found["root"])
    if found["checkpoint"] is None:
        unsigned(keys)
    elif opened(found["checkpoint"], keys) != (size, root):
        raise Wrong("its checkpoint is of another size or root than its proofs")
    last = 0
    for event in found["events"]:
        position = proven(event, size, root)[0]["position"]
        if not last < position <= found["position"]:
            raise Wrong("position %d is out of order, or after position %d" % (position, found["position"]))
        last = position
    if (found["label"] is None) != (found["published"] is None):
        raise Wrong("a label and the event that published it go together")
    if found["published"] is not None:
        event, facts = proven(found["published"], size, root)
        if event["type"] != "ScoresPublished":
            raise Wrong("position %d publishes nothing" % event["position"])
        for name in ("label", "position", "formula", "formula_hash"):
            if facts.get(name) != found[name]:
                raise Wrong("the %s is not that of the publication" % name)


def tlog_proof(text, keys):
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")[1:]
    entry = decoded(lines.pop(0)[len("extra ") :], "its entry") if lines and lines[0].startswith("extra ") else None
    if not gap or not lines or not lines[0].startswith("index "):
        raise Wrong("not a tlog-proof: a line `index NUMBER`, the path, an empty line, a checkpoint")
    number = lines[0][len("index ") :]
    if not (number.isascii() and number.isdigit() and str(int(number[:20])) == number):
        raise Wrong("its index is no number")
    path = [decoded(line, "a hash of its path") for line in lines[1:]]
    if len(path) > MAX_HASHES or any(len(hash) != 32 for hash in path):
        raise Wrong("its path is too long, or of something else than digests")
    size, root = opened(note, keys)
    if entry is None:
        raise Wrong("it holds no entry (`extra`), so there is no leaf to begin at")
    if strict.canonical(parse(entry)).encode() != entry:
        raise Wrong("its entry is not canonical")
    if not includes(sha256(b"\x00", entry), int(number), size, path, root):
        raise Wrong("the path does not lead from its entry to the root")


def check(file, keys):
    """Checks a file. Answers what it is; Wrong where it does not prove what it says."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Wrong("the file is larger than %d bytes" % MAX_BYTES)
    if data.startswith(TLOG_PROOF.encode()):
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise Wrong("it is no UTF-8")
        return "tlog-proof", lambda: tlog_proof(text, keys)
    value = parse(data)
    if type(value) is dict:
        if value.get("format") == EXPLANATION:
            return "explanation", lambda: explanation(value, keys)
        if "from_root" in value:
            return "consistency", lambda: consistency(value, keys)
        if "leaf_index" in value:
            return "inclusion", lambda: inclusion(value, keys)
    raise Wrong("neither a proof of inclusion or consistency nor an explanation")
