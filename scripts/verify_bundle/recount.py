"""Counting anew what was published of one vertex (docs/semantics/scores.md): from the published edges, memberships,
days of commits and statuses, and from what the events say of bots, world time and adoption."""

import calendar
import math
from fractions import Fraction

SIGNALS = ("downloads", "stars", "forks")


def half_up(number):
    """A fraction that is not negative, to the nearest integer."""
    return math.floor(Fraction(number) + Fraction(1, 2))


def decimals(hundredths):
    return None if hundredths is None else "%d.%02d" % divmod(hundredths, 100)


def hundredths(text):
    return None if text is None else int(text.replace(".", ""))


def log1p_micro(number):
    return math.floor(math.log1p(number) * 1e6 + 0.5)


def months_before(day, months):
    """The same day so many months earlier, or that month's last."""
    year, month, number = map(int, day.split("-"))
    year, month = divmod(year * 12 + month - 1 - months, 12)
    if year < 1:
        return "0001-01-01"
    return "%04d-%02d-%02d" % (year, month + 1, min(number, calendar.monthrange(year, month + 1)[1]))


def shares(values):
    """Of each known value how many of them are strictly below, out of how many."""
    known = sorted(value for value in values if value is not None)
    below = {}
    for n, value in enumerate(known):
        below.setdefault(value, n)
    return {value: Fraction(n, len(known)) for value, n in below.items()}


class Graph:
    """The published lines, sorted out."""

    def __init__(self, formula, scores, state):
        self.formula = formula
        self.rows = {(row["level"], row["id"]): row for row in scores}
        self.repos = {row["id"] for row in scores if row["level"] == "repo"}
        self.projects = [row["id"] for row in scores if row["level"] == "project"]
        self.status = {row["id"]: row["activity_status"] for row in scores if row["level"] != "project"}
        self.project = {row["repo"]: row["project"] for row in state if set(row) == {"project", "repo"}}
        self.members = {}
        for repo, project in self.project.items():
            self.members.setdefault(project, []).append(repo)
        self.days = {}
        for row in state:
            if "contributor" in row:
                self.days.setdefault(row["repo"], []).append(row)
        weights = formula["graph"]["confidence"]
        self.below, self.above = {}, {}
        for row in state:
            if "in_vertex" in row and weights[row["confidence"]] > 0:
                self.below.setdefault(row["in_vertex"], set()).add(row["out_vertex"])
                self.above.setdefault(row["out_vertex"], set()).add(row["in_vertex"])

    # --- criticality

    @staticmethod
    def reached(start, steps):
        seen, left = set(start), list(start)
        while left:
            for other in steps.get(left.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    left.append(other)
        return seen

    def criticality(self, level, vertex):
        leaves_only = self.formula["graph"]["seeds"] == "leaves"
        alive = [v for v in self.repos if self.status[v] in ("live", "in-dev") and v in self.project]
        active = self.reached([v for v in alive if not (leaves_only and v in self.above)], self.below)
        rules = self.formula["criticality"]

        def dependents(v):
            """All active ones that reach v and count, before it is asked whose they are."""
            found = self.reached([v], self.above) & active - {v} if v in active else set()
            return found & self.repos if rules["dependents"] == "repos" else found

        def of(v):
            own = self.project.get(v) if rules["siblings"] == "exclude" else None
            return sum(1 for u in dependents(v) if own is None or self.project.get(u) != own)

        if level != "project":
            return of(vertex)
        members = self.members.get(vertex)
        if not members:
            return None
        if rules["project"] == "sum":
            return sum(map(of, members))
        return sum(1 for u in set().union(*map(dependents, members)) if self.project.get(u) != vertex)

    # --- pony factor

    def commits(self, repo, known):
        """Commits that count in the window, by person."""
        people, window = self.formula["people"], self.formula["pony"]["window_months"]
        person = {name: min(group) for group in people.get("same", ()) for name in group}
        first, bots, found = months_before(known.day, window), known.bots.get(repo, {}), {}
        for row in self.days.get(repo, ()):
            name = row["contributor"]
            if name is None or not first <= row["day"] <= known.day:
                continue
            is_bot = name in people.get("also_bots", ()) or bots.get(name, False)
            if people["bots"] == "exclude" and is_bot and name not in people.get("never_bots", ()):
                continue
            merges = 0 if people["merges"] == "count" else row["merges"]
            count = max(row["commits"] - merges, 0)
            if count:
                found[person.get(name, name)] = found.get(person.get(name, name), 0) + count
        return found

    def pony(self, level, vertex, known):
        if level == "external":
            return None
        repos = self.members.get(vertex, []) if level == "project" else [vertex]
        if not repos:
            return None
        logged = [repo for repo in repos if repo in known.bots]
        if not logged:
            return 0 if self.formula["pony"]["without_log"] == "zero" else None
        people = {}
        for repo in logged:
            for name, count in self.commits(repo, known).items():
                people[name] = people.get(name, 0) + count
        total, held = sum(people.values()), 0
        for n, count in enumerate(sorted(people.values(), reverse=True)):
            held += count
            if 100 * held >= self.formula["pony"]["threshold_percent"] * total:
                return n + 1
        return 0

    # --- adoption

    def joined(self, signals):
        """Signals of every entry on a common scale, joined, in hundredths."""
        rules = self.formula["adoption"]
        counting = [n for n, name in enumerate(SIGNALS) if name in rules["signals"]]
        scales = {n: shares(own[n] for own in signals.values()) for n in counting}

        def scaled(n, value):
            if rules["norm"] == "percentile":
                return 10_000 * scales[n][value]
            return half_up(Fraction(log1p_micro(value), 10_000))

        def of(own):
            terms = [scaled(n, own[n]) for n in counting if own[n] is not None]
            if not terms:
                return None
            return half_up(Fraction(sum(terms), len(terms))) if rules["combine"] == "mean" else max(map(half_up, terms))

        return {entry: of(own) for entry, own in signals.items()}

    def adoption(self, level, vertex, known):
        if level == "external":
            return None
        signals = {repo: known.signals.get(repo, [None] * 3) for repo in self.repos}
        rule = self.formula["adoption"]["project"]
        if level == "project" and rule == "project-signals":
            joined = {}
            for project in self.projects:
                own = [signals[repo] for repo in self.members.get(project, [])]
                known_of = [[values[n] for values in own if values[n] is not None] for n in range(len(SIGNALS))]
                downloads, stars, forks = known_of
                total = min(sum(downloads), 2**64 - 1) if downloads else None
                joined[project] = [total, max(stars, default=None), max(forks, default=None)]
            return self.joined(joined)[vertex]
        repos = self.joined(signals)
        if level == "repo":
            return repos[vertex]
        values = [repos[repo] for repo in self.members.get(vertex, []) if repos[repo] is not None]
        if not values:
            return None
        return half_up(Fraction(sum(values), len(values))) if rule == "mean-of-repos" else max(values)

    # --- the composite

    def composite(self, vertex):
        """Of a project, from the published terms of all projects, in hundredths."""
        terms = (("criticality", "criticality_score"), ("pony", "pony_factor"), ("adoption", "adoption_score"))
        score, weights = Fraction(0), 0
        for name, member in terms:
            rule = self.formula["score"][name]

            def value(project):
                found = self.rows["project", project][member]
                if member == "adoption_score":
                    return hundredths(found)
                return None if found is None else found * 100

            own = value(vertex)
            if own is None or (rule["norm"] == "inverse" and own == 0):
                return None
            if rule["norm"] == "percentile":
                norm = half_up(100 * 10**6 * shares(map(value, self.projects))[own])
            elif rule["norm"] == "identity":
                norm = own * 10**4
            elif rule["norm"] == "inverse":
                norm = half_up(Fraction(100 * 10**6, own))
            else:
                norm = log1p_micro(own / 100)
            score += rule["weight"] * norm
            weights += rule["weight"]
        return half_up(score / (weights * 10**4))
