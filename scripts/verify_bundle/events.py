"""Events and the Merkle tree (RFC 6962)."""

import datetime

from . import strict
from .strict import Wrong, canonical, parse, sha256

DECISIONS = {"FormulaAdopted", "FormulaPromoted", "ScoresPublished", "EventQuarantined", "PayloadErased"}
ENVELOPE = ("stream", "sequence", "type", "version", "observed_at", "recorded_at", "metadata")
AHEAD = datetime.timedelta(minutes=5)  # that something may be observed after it was recorded

FIELDS = {
    "position": strict.integer,
    "event": strict.text,
    "stream": strict.text,
    "sequence": strict.integer,
    "type": strict.text,
    "version": strict.integer,
    "observed_at": strict.time,
    "recorded_at": strict.time,
    "metadata": strict.flat,
    "payload": lambda value: value is None or strict.text(value) and value != "",
    "payload_sha256": strict.digest,
    "leaf_hash": strict.digest,
}


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def check(event):
    """The event of a line against its own hash and form. Answers what the payload says, None where it is erased."""
    strict.members(event, FIELDS, may=("payload_sha256",))
    payload = event["payload"]
    if (payload is None) != ("payload_sha256" in event):
        raise Wrong("either a payload or the digest of an erased one")
    envelope = {field: event[field] for field in ENVELOPE}
    envelope["payload_sha256"] = event["payload_sha256"] if payload is None else sha256(payload.encode()).hex()
    if sha256(b"\x00", canonical(envelope).encode()).hex() != event["leaf_hash"]:
        raise Wrong("the event is not the one that was hashed")
    observed, recorded = event["observed_at"], event["recorded_at"]
    # Texts of one form: what is not later needs no arithmetic.
    if observed > recorded and moment(observed) > moment(recorded) + AHEAD:
        raise Wrong("it was observed more than five minutes after it was recorded")
    if payload is None:
        return None
    try:
        facts = parse(payload.encode())
    except Wrong as wrong:
        raise Wrong("the payload: %s" % wrong)
    if type(facts) is not dict or canonical(facts) != payload or "\\u0000" in payload:
        raise Wrong("the payload is not written in its canonical form")
    return facts


class Tree:
    """The roots of the complete subtrees so far, largest first."""

    def __init__(self):
        self.size, self.nodes = 0, []

    def push(self, node):
        size = self.size
        while size & 1:
            node = sha256(b"\x01", self.nodes.pop(), node)
            size >>= 1
        self.nodes.append(node)
        self.size += 1

    def root(self):
        if not self.nodes:
            return sha256()
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = sha256(b"\x01", node, root)
        return root
