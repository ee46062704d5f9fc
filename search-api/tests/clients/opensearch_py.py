"""The Python client of OpenSearch, as its users use it."""

import asyncio
import sys

import opensearchpy
from opensearchpy import AsyncOpenSearch, NotFoundError, OpenSearch, Search, helpers

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
search = Search(using=client, index="articles").query("match", body="harbour").highlight("body").sort("-published")[0:3]
search.aggs.bucket("sections", "terms", field="section", order={"first": "asc"}).metric("first", "min", field="published")
answer = search.execute()
first = [bucket.first.value for bucket in answer.aggregations.sections.buckets]
assert len(answer) == 3 and first == sorted(first), first
assert len(list(Search(using=client, index="articles").query("match", body="harbour").scan())) == answer.hits.total.value


async def asynchronous() -> None:
    async with AsyncOpenSearch(sys.argv[1]) as other:
        found = [hit["_id"] async for hit in helpers.async_scan(other, index="images", query={"query": {"match": {"caption": "bulk"}}})]
        assert len(found) == 20
        gone = ({"_op_type": "delete", "_index": "images", "_id": id} for id in found)
        assert (await helpers.async_bulk(other, gone, refresh="wait_for"))[0] == 20


asyncio.run(asynchronous())
print("reads; writes; refused: nothing")
