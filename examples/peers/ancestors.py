"""How many nodes depend on each node, directly or not, by NetworkX: ancestors.py EDGES. Prints one line of JSON."""

import hashlib
import json
import sys
import time

import networkx

begin = time.perf_counter()
graph = networkx.DiGraph()
with open(sys.argv[1], encoding="ascii") as edges:
    next(edges)
    for line in edges:
        dependent, dependency = line.split(",")
        graph.add_edge(int(dependent), int(dependency))
loaded = time.perf_counter()
scores = [len(networkx.ancestors(graph, node)) for node in sorted(graph)]
computed = time.perf_counter()
print(json.dumps({
    "engine": "NetworkX " + networkx.__version__,
    "nodes": graph.number_of_nodes(),
    "edges": graph.number_of_edges(),
    "load_seconds": loaded - begin,
    "compute_seconds": computed - loaded,
    "sum": sum(scores),
    "sha256": hashlib.sha256("\n".join(map(str, scores)).encode("ascii")).hexdigest(),
}))
