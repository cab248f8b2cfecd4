"""What the events say that published lines do not: world time, who is a bot, the signals of adoption."""

from .events import DECISIONS
from .names import hosted, private_to_another, publishers, renames
from .strict import sha256

# Kinds of events that what is recounted here is read from, world time aside.
READ = ("SbomSubmitted", "GitLogObserved", "RepoObserved", "RegistryCrawled", "Curated")


def short(event_type, facts):
    """What of an event is kept: most of a payload decides what the published lines say already."""
    subject = facts.get("subject", {}).get("id")
    if event_type == "SbomSubmitted":
        claims = set(facts.get("publishes", ()))
        if len(facts["described"]) == 1:
            root = facts["packages"][facts["described"][0]].get("purl")
            if root and not hosted(root) and not private_to_another(root, subject):
                claims.add(root)
        return subject, facts["complete"], claims
    if event_type == "GitLogObserved":
        return subject, [(author["pseudonym"], author["bot"]) for author in facts["authors"]]
    if event_type == "RepoObserved":
        return subject, facts.get("full_name"), facts.get("stars"), facts.get("forks")
    if event_type == "RegistryCrawled":
        return facts["purl"], facts.get("repository"), facts.get("downloads")
    if event_type == "Curated" and facts["correction"]["kind"] == "publication":
        return facts["correction"]["package"], facts["correction"].get("repo")
    return None


class Facts:
    """The events, as short as they can be."""

    def __init__(self):
        self.events, self.erased = [], []

    def take(self, event, facts):
        if event["type"] not in DECISIONS:
            position = event["position"]
            if facts is None:
                self.erased.append(position)
            else:
                self.events.append((event["observed_at"], position, event["type"], short(event["type"], facts)))

    def at(self, position, passed, repos):
        """What they come to at a position. `repos` are the Repos, as published."""
        return Known([event for event in self.events if event[1] <= position and event[1] not in passed], repos)

    def lost(self, position, passed):
        """The first position up to this one that cannot be read any more and was not passed over then."""
        return next((gone for gone in self.erased if gone <= position and gone not in passed), None)


def passed_over(announced, until):
    """The positions that folds pass over by what was decided up to a position."""
    passed, erased = set(), set()
    for position, kind, _, facts in announced:
        if position > until:
            break
        if kind == "EventQuarantined":
            (passed.discard if facts["lifted"] else passed.add)(facts["position"])
        elif kind == "PayloadErased":
            erased.add(facts["position"])
    return passed | erased


def passed_over_by(announced, event, published):
    """What a publication passed over: of what was decided from its position on, what has its digest."""
    between = [position for position, *_ in announced if published["position"] <= position < event]
    for until in [event, *reversed(between), published["position"]]:
        passed = passed_over(announced, until)
        lines = "".join("%d\n" % position for position in sorted(passed))
        if sha256(lines.encode()).hex() == published["quarantine_digest"]:
            return passed
    return None


class Known:
    """The newest of everything, and what ids mean."""

    def __init__(self, events, repos):
        hosts, crawls, documents, logs, corrections, subjects = {}, {}, {}, [], {}, set()
        self.day = max((observed for observed, _, kind, _ in events if kind != "Curated"), default="1970-01-01")[:10]
        # In the order of ranks, so that the newest comes last.
        for observed, position, kind, said in sorted(events, key=lambda event: event[:2]):
            rank = (observed, position)
            if said is None:
                continue
            if kind in ("SbomSubmitted", "GitLogObserved", "RepoObserved"):
                subjects.add(said[0])
            if kind == "RepoObserved":
                hosts[said[0]] = (rank, *said[1:])
            elif kind == "RegistryCrawled":
                crawls[said[0]] = said[1:]
            elif kind == "SbomSubmitted":
                documents.setdefault(said[0], []).append((rank, *said[1:]))
            elif kind == "GitLogObserved":
                logs.append(said)
            else:
                corrections[said[0]] = said[1]
        renamed = renames({subject: said[:2] for subject, said in hosts.items()}, subjects)
        links = {package: link for package, (link, _) in crawls.items()}
        claims = self.claims(documents, renamed)
        published = publishers(claims, links, corrections, repos, renamed)
        self.bots, self.signals = {}, {}
        for subject, authors in logs:
            self.bots.setdefault(renamed.get(subject, subject), {}).update(authors)
        newest = {}
        for subject, said in hosts.items():
            repo = renamed.get(subject, subject)
            newest[repo] = max(newest.get(repo, said), said, key=lambda said: said[0])
        for repo, (_, _, stars, forks) in newest.items():
            self.signals[repo] = [None, stars, forks]
        for package, (_, downloads) in crawls.items():
            repo = published.get(package, renamed.get(package, package))
            if downloads is not None:
                signals = self.signals.setdefault(repo, [None, None, None])
                days = downloads["days"]
                count = downloads["count"] * 30 // days if days else 0
                signals[0] = min((signals[0] or 0) + count, 2**64 - 1)

    @staticmethod
    def claims(documents, renamed):
        """By package the subjects whose live documents claim to publish it."""
        pooled, claims = {}, {}
        for subject, said in documents.items():
            pooled.setdefault(renamed.get(subject, subject), []).extend(said)
        for subject, said in pooled.items():
            since = max((rank for rank, complete, _ in said if complete), default=("", 0))
            for rank, _, packages in said:
                if rank >= since:
                    for package in packages:
                        claims.setdefault(package, set()).add(subject)
        return claims
