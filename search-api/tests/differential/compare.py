"""Asks Morgue and an engine the same and compares what they say. Arguments: Morgue's address, the engine's, and what run says.

The engine is given Morgue's own settings and mappings, as they are, and the documents that Morgue gives. An answer agrees if status,
totals, hits, their order where one is asked for, sort values, fields, highlights, aggregations and suggestions are the same, or the
types of errors. What is nobody's business is left out: times, shards, versions, scores (but that there are some), words of errors.
"""

import argparse
import collections
import fnmatch
import http.client
import json
import math
import pathlib
import sys
import urllib.parse

import questions

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "elasticsearch.md"
INDICES = ["articles", "images", "bylines"]
# Of these the value is each one's own. OpenSearch 3 says of every search for no hits that it ended early.
OWN = {"took", "terminated_early", "_shards", "_version", "_seq_no", "_primary_term", "_type", "_explanation", "explanation", "pit_id", "_scroll_id", "reason", "phase", "grouped", "failed_shards", "index_uuid", "line", "col", "resource.id", "resource.type", "index", "stack_trace", "suppressed", "explanations", "caused_by"}


class Server:
    """One of the two, by its address."""

    def __init__(self, address):
        parts = urllib.parse.urlsplit(address)
        self.host, self.base, self.connection = parts.netloc, parts.path.rstrip("/"), None

    def ask(self, method, path, body=None):
        """Returns status and answer, a bare text where it is no JSON."""
        kind = "application/json"
        if isinstance(body, list):
            body, kind = "".join(json.dumps(line) + "\n" for line in body), "application/x-ndjson"
        elif body is not None and not isinstance(body, str):
            body = json.dumps(body)
        for last in [False, True]:
            try:
                self.connection = self.connection or http.client.HTTPConnection(self.host, timeout=120)
                self.connection.request(method, self.base + path, body and body.encode(), {"Content-Type": kind})
                response = self.connection.getresponse()
                text = response.read().decode()
                break
            except (http.client.HTTPException, ConnectionError):
                self.connection = None
                if last:
                    raise
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text

    def done(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status >= 300 or (isinstance(answer, dict) and answer.get("errors")):
            sys.exit(f"{method} {path} is refused with {status}: {str(answer)[:2000]}")
        return answer


def load(ours, theirs):
    """Gives the engine the indices and all documents; its settings and mappings are ours as they are."""
    counts = {}
    for index in INDICES:
        theirs.ask("DELETE", "/" + index)
        theirs.done("PUT", "/" + index, ours.done("GET", "/" + index)[index])
        counts[index] = 0
        page = ours.done("POST", f"/{index}/_search?scroll=1m", {"size": 500})
        while hits := page["hits"]["hits"]:
            lines = []
            for hit in hits:
                lines += [{"index": {"_index": index, "_id": hit["_id"]}}, hit["_source"]]
            theirs.done("POST", "/_bulk", lines)
            counts[index] += len(hits)
            page = ours.done("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
        theirs.done("POST", f"/{index}/_refresh")
    return counts


def plain(value, by_id):
    """An answer without what is each one's own. Hits are told apart by id where no order was asked for."""
    if isinstance(value, dict):
        kept = {name: plain(inner, by_id) for name, inner in value.items() if name not in OWN}
        for score in ["_score", "max_score", "score"]:
            if isinstance(kept.get(score), (int, float)):
                kept[score] = "a score"
        if by_id and isinstance(kept.get("hits"), list):
            kept["hits"] = {hit.get("_index", "") + " " + hit.get("_id", ""): hit for hit in kept["hits"] if isinstance(hit, dict)}
        if isinstance(kept.get("matched_queries"), list):
            kept["matched_queries"].sort()
        return kept
    if isinstance(value, list):
        return [plain(inner, by_id) for inner in value]
    return value


def same(one, other):
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    return one == other


def differences(ours, theirs, at=""):
    """Yields the places where two answers differ, with what stands there."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted({*ours, *theirs}):
            where = f"{at}.{name}" if at else name
            if name not in ours:
                yield where, "absent", theirs[name]
            elif name not in theirs:
                yield where, ours[name], "absent"
            else:
                yield from differences(ours[name], theirs[name], where)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (one, other) in enumerate(zip(ours, theirs)):
            yield from differences(one, other, f"{at}[{place}]")
    elif not same(ours, theirs):
        yield at, ours, theirs


def ordered(body):
    """True if the order that is asked for is that of values."""
    sort = body.get("sort") if isinstance(body, dict) else None
    return sort not in (None, ["_score"], ["_doc"])


def compare(ours, theirs, path, body):
    """Returns agree, refuse or differ, and where the answers differ."""
    (status, one), (their_status, other) = ours, theirs
    by_id = not (ordered(body) or "sort=" in path)
    where = [] if status == their_status else [("status", status, their_status)]
    if status >= 400 and their_status >= 400:
        where += differences(plain(one, by_id), plain(other, by_id))
    elif status < 400 and their_status < 400:
        where = list(differences(plain(one, by_id), plain(other, by_id)))
    verdict = "agree" if not where else "refuse" if status >= 400 > their_status else "differ"
    return verdict, where


def allowed(version):
    """The table of differences that stay: kind, part of the request, where the answers may differ, the line of the document. What begins
    with a version and a colon is of that one alone."""
    titles = {line.split("|")[1].strip() for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")}
    table = []
    for number, line in enumerate((HERE / "differences.txt").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        only, _, rest = line.partition(": ")
        if only.isdigit():
            if only != version.split(".")[0]:
                continue
            line = rest
        cells = [cell.strip() for cell in line.split(" | ")]
        if len(cells) != 4:
            sys.exit(f"differences.txt:{number}: four cells are expected, with ' | ' between them")
        if cells[3] not in titles:
            sys.exit(f"differences.txt:{number}: docs/elasticsearch.md has no line `{cells[3]}`")
        table.append({"kind": cells[0], "request": cells[1], "where": cells[2].split(), "line": number, "title": cells[3], "used": 0})
    return table


def excuse(table, kind, request, where):
    """Returns the entries that together allow all these places, or none if one place is not allowed."""
    used = []
    for place, _, _ in where:
        for entry in table:
            of_kind, of_request = fnmatch.fnmatchcase(kind, entry["kind"]), entry["request"] in ("*",) or entry["request"] in request
            if of_kind and of_request and any(fnmatch.fnmatchcase(place, one.replace("[", "[[]")) for one in entry["where"]):
                used.append(entry)
                break
        else:
            return []
    return used


def shown(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) < 300 else text[:300] + "…"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("theirs")
    parser.add_argument("--kind", default="*", help="only requests of these kinds, a pattern")
    parser.add_argument("--version", default="2", help="of the engine")
    parser.add_argument("--listed", action="store_true", help="tell of the differences that are listed, too")
    parser.add_argument("--other-data", action="store_true", help="these are not the sample archive: entries that are not needed are no fault")
    asked = parser.parse_args()
    ours, theirs = Server(asked.ours), Server(asked.theirs)
    table = allowed(asked.version)
    print("documents:", ", ".join(f"{count} {index}" for index, count in load(ours, theirs).items()))
    counts, unlisted = collections.defaultdict(collections.Counter), 0
    for kind, method, path, body in questions.everything():
        if not fnmatch.fnmatchcase(kind, asked.kind):
            continue
        request = f"{method} {path} {'' if body is None else body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)}"
        verdict, where = compare(ours.ask(method, path, body), theirs.ask(method, path, body), path, body)
        counts[kind][verdict] += 1
        if verdict == "agree":
            continue
        entries = excuse(table, kind, request, where)
        for entry in entries:
            entry["used"] += 1
        if not entries:
            unlisted += 1
        if not entries or asked.listed:
            print(f"\n{verdict}, {kind}: {request[:600]}")
            for place, one, other in where[:4]:
                print(f"    {place}: {shown(one)} | theirs: {shown(other)}")
            if len(where) > 4:
                print(f"    and {len(where) - 4} more places")
            for line in sorted({entry["line"] for entry in entries}):
                print(f"    listed in differences.txt:{line}")
    verdicts = ["agree", "refuse", "differ"]
    print(f"\n{'kind':<26}" + "".join(f"{verdict:>8}" for verdict in verdicts))
    for kind in sorted(counts):
        print(f"{kind:<26}" + "".join(f"{counts[kind][verdict]:>8}" for verdict in verdicts))
    total = sum(counts.values(), collections.Counter())
    print(f"{'all ' + str(total.total()):<26}" + "".join(f"{total[verdict]:>8}" for verdict in verdicts))
    idle = [entry for entry in table if not entry["used"] and fnmatch.fnmatchcase(entry["kind"], asked.kind)]
    if idle and asked.kind == "*" and not asked.other_data:
        unlisted += len(idle)
        print("no longer needed in differences.txt: lines", ", ".join(str(entry["line"]) for entry in idle))
    print(f"{unlisted} not listed")
    sys.exit(1 if unlisted else 0)


if __name__ == "__main__":
    main()
