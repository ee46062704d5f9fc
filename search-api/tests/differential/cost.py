"""Prints what aggregations cost Morgue and an engine: processor time for each request, side by side, with every cache of answers off.

Arguments: Morgue's address and process, the engine's. Both are given the same documents and warmed, the engine's compiler too; then they
are asked in turns. Each request narrows the archive by another instant, so that no answer is one that was given before.
"""

import itertools
import os
import pathlib
import statistics
import sys

import compare

ROUNDS, REQUESTS, WARM = 7, 150, 1500
KINDS = {
    "terms": {"s": {"terms": {"field": "section", "size": 20}}},
    "date_histogram": {"m": {"date_histogram": {"field": "published", "calendar_interval": "month", "min_doc_count": 1}}},
    "both": {
        "s": {"terms": {"field": "section", "size": 20}},
        "m": {"date_histogram": {"field": "published", "calendar_interval": "month", "min_doc_count": 1}},
    },
    "histogram in terms": {
        "s": {
            "terms": {"field": "section", "size": 20},
            "aggs": {"y": {"date_histogram": {"field": "published", "calendar_interval": "year", "min_doc_count": 1}}},
        }
    },
}
TICK = os.sysconf("SC_CLK_TCK")


def spent(process):
    """The processor time of a process, in seconds."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def main():
    ours, theirs = compare.Server(sys.argv[1]), compare.Server(sys.argv[3])
    servers = [(ours, sys.argv[2]), (theirs, sys.argv[4])]
    print("documents:", ", ".join(f"{count} {index}" for index, count in compare.load(ours, theirs).items()))
    instants = itertools.count()

    def ask(server, aggs, count):
        for _ in range(count):
            instant = next(instants)
            body = {"size": 0, "aggs": aggs, "query": {"range": {"published": {"gte": f"0001-01-01T00:00:00.{instant % 1000:03}Z", "lt": f"9000-01-01T00:00:{instant // 1000 % 60:02}Z"}}}}
            answer = server.done("POST", "/articles/_search?request_cache=false", body)
        return answer["aggregations"]

    print(f"{'kind':<20}{'ours':>12}{'theirs':>12}{'ratio':>8}   ms of processor a request, median of {ROUNDS} rounds of {REQUESTS}")
    for kind, aggs in KINDS.items():
        sums = [sum(bucket["doc_count"] for one in ask(server, aggs, WARM).values() for bucket in one["buckets"]) for server, _ in servers]
        if sums[0] != sums[1]:
            sys.exit(f"{kind}: the buckets hold {sums[0]} documents here and {sums[1]} there")
        rounds = [[], []]
        for _ in range(ROUNDS):
            for figures, (server, process) in zip(rounds, servers):
                before = spent(process)
                ask(server, aggs, REQUESTS)
                figures.append((spent(process) - before) * 1000 / REQUESTS)
        one, other = statistics.median(rounds[0]), statistics.median(rounds[1])
        print(f"{kind:<20}{one:>12.2f}{other:>12.2f}{one / other:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
