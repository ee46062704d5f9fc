"""The Python client of OpenSearch, as its users use it."""

import sys

import opensearchpy
from opensearchpy import NotFoundError, OpenSearch, helpers

client = OpenSearch(sys.argv[1], timeout=30)
assert client.ping() and client.info()["version"]["number"]
answer = client.search(
    index="articles",
    body={"query": {"multi_match": {"query": "harbour", "fields": ["headline^2", "body"]}}, "highlight": {"fields": {"*": {}}}},
)
assert answer["hits"]["total"]["value"] > 0 and answer["hits"]["hits"][0]["highlight"]
assert client.index(index="images", id="os/1", body={"caption": "From OpenSearch"}, refresh="wait_for")["result"] == "created"
assert client.get(index="images", id="os/1")["_source"]["caption"] == "From OpenSearch"
done, errors = helpers.bulk(client, [{"_index": "images", "_id": f"os/b{n}", "caption": "Bulk"} for n in range(20)], refresh="wait_for")
assert (done, errors) == (20, [])
assert client.count(index="images", body={"query": {"match": {"caption": "bulk"}}})["count"] == 20
scanned = list(helpers.scan(client, index="images", query={"query": {"match": {"caption": "bulk"}}}, size=6))
assert len({hit["_id"] for hit in scanned}) == len(scanned) == 20
point = client.create_pit(index="images", params={"keep_alive": "1m"})["pit_id"]
found = client.search(body={"pit": {"id": point}, "query": {"match": {"caption": "bulk"}}, "size": 100, "sort": [{"_seq": "desc"}]})
assert len(found["hits"]["hits"]) == 20
assert client.delete_pit(body={"pit_id": [point]})["pits"][0]["successful"]
assert client.delete(index="images", id="os/1")["result"] == "deleted"
try:
    client.get(index="images", id="os/1")
    raise SystemExit("a deleted document must not be found")
except NotFoundError:
    pass
print("opensearch-py", opensearchpy.__versionstr__, "works")
