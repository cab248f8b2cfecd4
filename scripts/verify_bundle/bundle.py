"""A bundle, line by line, in the order of docs/AUDIT.md."""

import hashlib

from . import notes, strict
from .events import DECISIONS, Tree, check
from .facts import Facts
from .reader import Lines
from .strict import Wrong, canonical, members, parse, sha256

FORMAT = "pg-atlas-bundle/1"
MAX_DECISIONS = 1_000_000

KINDS = ("header", "formula", "decision", "checkpoint", "event", "publication", "artifact", "chunk", "end")
HEADER = {"format": strict.text, "tree_size": strict.integer, "root": strict.digest, "tool": strict.text}
FORMULA = {"name": strict.text, "hash": strict.digest, "canonical": strict.text, "document": strict.text}
CHECKPOINT = {"tree_size": strict.integer, "note": strict.text}
PUBLICATION = {
    "label": strict.text,
    "event": strict.integer,
    "position": strict.integer,
    "formula_hash": strict.digest,
    "scores": strict.integer,
    "state": strict.integer,
}
ARTIFACT = {"sha256": strict.digest, "bytes": strict.integer, "chunks": strict.integer}
COUNTS = ("events", "checkpoints", "publications", "artifacts")


class Published:
    """A publication whose lines are in the bundle."""

    def __init__(self, section, facts, scores, state):
        self.section, self.facts, self.scores, self.state = section, facts, scores, state


class Bundle:
    def __init__(self, file, keys):
        self.lines, self.keys = Lines(file), keys
        self.tree, self.sequences, self.formulas, self.anchors = Tree(), {}, {}, {}
        self.announced, self.met, self.labels = [], 0, []
        self.counts = dict.fromkeys(COUNTS, 0)
        self.signed, self.signers, self.good = 0, set(), 0
        self.facts, self.found = None, None

    def line(self, raw=None):
        """Kind and body of a line."""
        value = parse(self.lines.next() if raw is None else raw)
        if type(value) is not dict or len(value) != 1:
            raise Wrong("a line is not an object with one member")
        ((kind, body),) = value.items()
        if kind not in KINDS:
            raise Wrong("an unknown line: %s" % kind[:40])
        return kind, body

    def read(self, label=None, wanted=False):
        """Reads it all. With `wanted` the facts that recounting takes are kept, and the publication of the label."""
        kind, header = self.line()
        if kind != "header" or type(header) is not dict or header.get("format") != FORMAT:
            raise Wrong("not a bundle of format " + FORMAT)
        members(header, HEADER)
        self.size = header["tree_size"]
        self.anchor(self.size, bytes.fromhex(header["root"]), ())
        self.facts = Facts() if wanted else None
        kind, body = self.prelude()
        try:
            self.body(kind, body, label, wanted)
        except Wrong as wrong:
            # What is wrong behind the last event is wrong at the next position.
            raise Wrong(str(wrong), self.tree.size + 1 if wrong.position is None else wrong.position)
        self.end()

    def prelude(self):
        while True:
            kind, body = self.line()
            if kind == "formula":
                members(body, FORMULA)
                if sha256(body["canonical"].encode()).hex() != body["hash"]:
                    raise Wrong("formula %s is not the one that was hashed" % body["name"])
                formula = parse(body["canonical"].encode())
                if canonical(formula) != body["canonical"]:
                    raise Wrong("formula %s is not written in its canonical form" % body["name"])
                self.formulas[body["hash"]] = formula
            elif kind == "decision":
                self.announce(body)
            elif kind == "checkpoint":
                members(body, CHECKPOINT)
                size, root, signers = notes.checkpoint(body["note"], self.keys)
                if size != body["tree_size"]:
                    raise Wrong("a checkpoint is of another size than its line says")
                self.anchor(size, root, signers)
                self.counts["checkpoints"] += 1
            else:
                return kind, body

    def announce(self, event):
        facts = check(event)
        if facts is None:
            raise Wrong("a decision that is announced has no payload", event["position"])
        if event["type"] not in DECISIONS or self.announced and self.announced[-1][0] >= event["position"]:
            raise Wrong("announced, but no decision or out of order", event["position"])
        if len(self.announced) == MAX_DECISIONS:
            raise Wrong("more than %d decisions are announced" % MAX_DECISIONS)
        self.announced.append((event["position"], event["type"], event["leaf_hash"], facts))

    def decided(self, kind):
        """Position and facts of every decision of a kind, in order."""
        return [(position, facts) for position, of, _, facts in self.announced if of == kind]

    def body(self, kind, body, label, wanted):
        erased = {}
        for _, facts in self.decided("PayloadErased"):
            erased.setdefault(facts["position"], set()).add(facts["payload_sha256"])
        published = dict(self.decided("ScoresPublished"))
        labels = [facts["label"] for facts in published.values()]
        if len(set(labels)) != len(labels):
            raise Wrong("a label is published twice")
        while kind != "end":
            if kind == "event" and not self.counts["artifacts"]:
                self.event(body, erased)
            elif kind == "publication" and not self.counts["artifacts"]:
                self.publication(body, published, label, wanted)
            elif kind == "artifact":
                self.artifact(body)
            else:
                raise Wrong("a line of kind %s is out of place" % kind)
            kind, body = self.line()
        if members(body, dict.fromkeys(COUNTS, strict.integer)) != self.counts:
            raise Wrong("the last line counts something else")
        self.lines.end()

    def event(self, event, erased):
        position = self.tree.size + 1
        if type(event) is not dict or event.get("position") != position:
            found = event.get("position") if type(event) is dict else None
            raise Wrong("position %s stands in its place" % found, position)
        facts = check(event)
        if facts is None and event["payload_sha256"] not in erased.get(position, ()):
            raise Wrong("a payload is gone and no erasure says so", position)
        sequence = self.sequences.get(event["stream"], 0) + 1
        if event["sequence"] != sequence:
            raise Wrong("sequence %s of its stream, expected %d" % (event["sequence"], sequence), position)
        self.sequences[event["stream"]] = sequence
        if event["type"] in DECISIONS:
            expected = self.announced[self.met] if self.met < len(self.announced) else None
            if expected is None or (expected[0], expected[2]) != (position, event["leaf_hash"]):
                raise Wrong("a decision that was not announced", position)
            self.met += 1
        if self.facts is not None:
            self.facts.take(event, facts)
        self.tree.push(bytes.fromhex(event["leaf_hash"]))
        self.counts["events"] += 1
        self.meet()

    def anchor(self, size, root, signers):
        self.anchors.setdefault(size, []).append((root, signers))
        self.meet()

    def meet(self):
        """Compares with what is said of this size."""
        for root, signers in self.anchors.get(self.tree.size, ()):
            if root != self.tree.root():
                raise Wrong("positions up to %d are not those of a checkpoint" % self.tree.size, self.good + 1)
            if signers:
                self.signed = self.tree.size
                self.signers.update(signers)
        if self.tree.size in self.anchors:
            self.good = self.tree.size

    def publication(self, section, published, label, wanted):
        members(section, PUBLICATION)
        facts = published.get(section["event"], {})
        if section["position"] != self.tree.size:
            raise Wrong("the lines of label %s are not behind the event they are about" % section["label"])
        keep = wanted and label in (None, section["label"])
        digests, kept = [], []
        for count in (section["scores"], section["state"]):
            digest, rows = hashlib.sha256(), []
            for _ in range(count):
                line = self.lines.next()
                digest.update(line)
                row = parse(line)
                if keep:
                    rows.append(row)
            digests.append(digest.hexdigest())
            kept.append(rows)
        said = [facts.get(name) for name in ("label", "position", "formula_hash", "digest", "state_digest")]
        if said != [section["label"], section["position"], section["formula_hash"], *digests]:
            raise Wrong("the lines of label %s are not those that were published" % section["label"])
        if section["formula_hash"] not in self.formulas:
            raise Wrong("the formula of label %s is not in the bundle" % section["label"])
        if section["label"] in self.labels:
            raise Wrong("the lines of label %s are there twice" % section["label"])
        self.labels.append(section["label"])
        self.counts["publications"] += 1
        if keep:
            self.found = Published(section, facts, *kept)

    def artifact(self, artifact):
        members(artifact, ARTIFACT)
        if artifact["chunks"] > artifact["bytes"]:
            raise Wrong("document %s has more chunks than bytes" % artifact["sha256"])
        digest, size = hashlib.sha256(), 0
        for _ in range(artifact["chunks"]):
            kind, chunk = self.line()
            if kind != "chunk" or type(chunk) is not str or not chunk:
                raise Wrong("expected a chunk of document %s" % artifact["sha256"])
            data = notes.decoded(chunk, "a chunk of document %s" % artifact["sha256"])
            digest.update(data)
            size += len(data)
        if size != artifact["bytes"] or digest.hexdigest() != artifact["sha256"]:
            raise Wrong("document %s is damaged" % artifact["sha256"])
        self.counts["artifacts"] += 1

    def end(self):
        known = max(self.anchors)
        if known > self.tree.size or self.size != self.tree.size:
            missing = "%d events are here, the header says %d and a checkpoint has %d"
            least = min(self.size, self.tree.size)
            raise Wrong(missing % (self.tree.size, self.size, known), least + 1)
        if self.met < len(self.announced):
            raise Wrong("a decision that was announced is not in the log", self.announced[self.met][0])
