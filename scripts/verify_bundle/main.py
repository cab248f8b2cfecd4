"""What is asked for, and the answer."""

import argparse
import json

from . import proofs
from .bundle import Bundle
from .facts import passed_over_by
from .notes import verification_key
from .recount import Graph, decimals
from .strict import Wrong

TAKEN = [
    "statuses, edges, memberships, days of commits: taken from the published lines",
    "further terms and flags",
    "that the lines follow from the events, and the live tables: `pg-atlas audit verify` folds the log",
]
NOTHING = ["any published value: give --id"]


def recounted(bundle, vertex):
    """What was published of a vertex, what counting comes to, and what was not counted."""
    found = bundle.found
    if found is None:
        raise Wrong("no such publication in the bundle")
    graph = Graph(bundle.formulas[found.facts["formula_hash"]], found.scores, found.state)
    rows = [key for key in graph.rows if key[1] == vertex]
    if not rows:
        raise Wrong("label %s has no vertex %s" % (found.section["label"], vertex))
    level, skipped = rows[0][0], []
    counted = {"criticality_score": graph.criticality(level, vertex)}
    passed = passed_over_by(bundle.announced, found.section["event"], found.facts)
    if passed is None:
        raise Wrong("label %s: no decision passed over what it says it did" % found.section["label"])
    lost = bundle.facts.lost(found.section["position"], passed)
    if lost is None:
        known = bundle.facts.at(found.section["position"], passed, graph.repos)
        counted["pony_factor"] = graph.pony(level, vertex, known)
        counted["adoption_score"] = decimals(graph.adoption(level, vertex, known))
    else:
        skipped.append("pony_factor, adoption_score: position %d is erased" % lost)
    if level == "project" and "score" in graph.formula:
        counted["pg_score"] = decimals(graph.composite(vertex))
    row = graph.rows[level, vertex]
    published = {name: row[name] for name in counted}
    return level, published, counted, skipped


def proof(path, keys):
    """The answer about a proof or an explanation."""
    what = None
    try:
        with open(path, "rb") as file:
            what, check = proofs.check(file, keys)
        check()
    except Wrong as wrong:
        return {"ok": False, "what": what, "reason": str(wrong)}
    except OSError as error:
        return {"ok": False, "what": what, "reason": "cannot read the file: %s" % error}
    skipped = [proofs.NOT_CHECKED] if what == "explanation" else []
    if not keys:
        skipped.append("who signed it: compare size and root with a checkpoint of yours, or give --key")
    return {"ok": True, "what": what, "reason": None, "not_recomputed": skipped}


def answer(result):
    print(json.dumps(result, indent=2))
    return 0 if result["ok"] else 1


def main(about):
    parser = argparse.ArgumentParser(description=about.split("\n\n")[0])
    parser.add_argument("file", help="a bundle; with --check a proof, a consistency proof or an explanation")
    parser.add_argument("--check", action="store_true", help="check a proof or an explanation, not a bundle")
    parser.add_argument("--key", action="append", default=[], help="verification key NAME+ID+KEY")
    parser.add_argument("--id", help="vertex that is recounted")
    parser.add_argument("--label", help="publication to recount in; default: the last")
    asked = parser.parse_args()
    try:
        keys = [verification_key(text) for text in asked.key]
    except ValueError as error:
        parser.error(str(error))
    if asked.check and (asked.id or asked.label):
        parser.error("--check takes a proof or an explanation: nothing in it can be recounted")
    return answer(proof(asked.file, keys) if asked.check else verify(asked, keys))


def verify(asked, keys):
    """The answer about a bundle."""
    result = {"ok": False}
    try:
        with open(asked.file, "rb") as file:
            bundle = Bundle(file, keys)
            bundle.read(asked.label, asked.id is not None)
        result.update(
            tree_size=bundle.tree.size,
            root=bundle.tree.root().hex(),
            publications=sorted(bundle.labels),
            signed_to=bundle.signed,
            signers=sorted(bundle.signers),
            not_recomputed=NOTHING + TAKEN,
        )
        if asked.key and not bundle.signed:
            raise Wrong("no given key has signed a checkpoint of this bundle")
        if asked.id:
            level, published, counted, skipped = recounted(bundle, asked.id)
            label = bundle.found.section["label"]
            result.update(label=label, id=asked.id, level=level, published=published, recounted=counted)
            result.update(not_recomputed=["any other vertex"] + skipped + TAKEN)
            for name, value in counted.items():
                if value != published[name]:
                    said = "the %s of %s is %s, published was %s"
                    raise Wrong(said % (name, asked.id, json.dumps(value), json.dumps(published[name])))
        result["ok"] = True
    except Wrong as wrong:
        result.update(reason=str(wrong), first_bad_position=wrong.position)
    except OSError as error:
        result.update(reason="cannot read the bundle: %s" % error)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        # A line that is none of a publication, or a payload without what its type has.
        result.update(reason="something in it has not the members of its kind: %s" % error)
    return result
