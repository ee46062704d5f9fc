"""The official Python client of Elasticsearch, as its users use it."""

import sys

import elasticsearch
from elasticsearch import ConflictError, Elasticsearch, NotFoundError, helpers

es = Elasticsearch(sys.argv[1], request_timeout=30)
assert es.ping()
assert es.info()["version"]["number"] >= "7.17"
assert Elasticsearch(sys.argv[1], sniff_on_start=True, request_timeout=30).count(index="articles")["count"] > 0
assert es.indices.exists(index="articles") and not es.indices.exists(index="videos")
assert "headline" in es.indices.get_mapping(index="articles")["articles"]["mappings"]["properties"]
assert es.cluster.health()["status"] in ("green", "yellow")
assert {row["index"] for row in es.cat.indices(format="json")} == {"articles", "images", "bylines"}

answer = es.search(
    index="articles",
    query={"bool": {"must": {"match": {"body": "harbour"}}, "filter": {"range": {"published": {"gte": "1850", "lte": "1999"}}}}},
    highlight={"fields": {"body": {}}},
    aggs={"decades": {"date_histogram": {"field": "published", "calendar_interval": "decade", "min_doc_count": 1}}},
    sort=["_score", {"published": "desc"}],
    source=["headline", "published"],
    size=5,
)
assert answer["hits"]["total"]["value"] > 0
for hit in answer["hits"]["hits"]:
    assert set(hit["_source"]) <= {"headline", "published"} and "<em>" in hit["highlight"]["body"][0]
assert sum(b["doc_count"] for b in answer["aggregations"]["decades"]["buckets"]) == answer["hits"]["total"]["value"]
total = es.count(index="articles")["count"]
many = es.msearch(searches=[{"index": "articles"}, {"query": {"match_all": {}}}, {"index": "images"}, {"query": {"match_all": {}}}])
assert many["responses"][0]["hits"]["total"]["value"] == total

made = es.index(index="articles", id="py/1", document={"headline": "From Python", "body": "zyzzyva"}, refresh="wait_for")
assert made["result"] == "created"
assert es.search(index="articles", query={"match": {"body": "zyzzyva"}})["hits"]["hits"][0]["_id"] == "py/1"
assert es.get(index="articles", id="py/1")["_source"]["headline"] == "From Python"
assert es.exists(index="articles", id="py/1") and not es.exists(index="articles", id="py/none")
assert es.update(index="articles", id="py/1", doc={"section": "Letters"})["result"] == "updated"
assert es.get_source(index="articles", id="py/1")["section"] == "Letters"
assert es.mget(index="articles", ids=["py/1", "py/none"])["docs"][1]["found"] is False
try:
    es.create(index="articles", id="py/1", document={})
    raise SystemExit("a second create must not succeed")
except ConflictError:
    pass
try:
    es.search(index="articles", query={"geo_shape": {}})
    raise SystemExit("an unknown query must be refused")
except elasticsearch.BadRequestError as error:
    assert "geo_shape" in str(error)

actions = [{"_op_type": "index", "_index": "articles", "_id": f"py/bulk/{n}", "headline": f"Bulk {n}"} for n in range(50)]
actions.append({"_op_type": "delete", "_index": "articles", "_id": "py/1"})
done, errors = helpers.bulk(es, actions, refresh="wait_for", raise_on_error=False)
assert (done, errors) == (51, []), (done, errors)
try:
    es.get(index="articles", id="py/1")
    raise SystemExit("a deleted document must not be found")
except NotFoundError:
    pass
_, errors = helpers.bulk(es, [{"_index": "articles", "_id": "py/bad", "published": "soon"}], raise_on_error=False)
assert errors[0]["index"]["status"] == 400
page = es.search(index="articles", query={"match": {"headline": "bulk"}}, sort="_seq", size=20)
seen = len(page["hits"]["hits"])
while page["hits"]["hits"]:
    page = es.search(index="articles", query={"match": {"headline": "bulk"}}, sort="_seq", size=20, search_after=page["hits"]["hits"][-1]["sort"])
    seen += len(page["hits"]["hits"])
assert seen == 50, seen
assert es.count(index="articles")["count"] == total + 50

# Reading everything: by scroll, as `scan` does, and by a point in time.
scanned = list(helpers.scan(es, index="articles", query={"query": {"match": {"headline": "bulk"}}}, size=7, _source=["headline"]))
assert len(scanned) == 50 and len({hit["_id"] for hit in scanned}) == 50, len(scanned)
assert len(list(helpers.scan(es, index="articles,images", size=9, preserve_order=True))) == es.count(index="articles,images")["count"]
pit = es.open_point_in_time(index="articles", keep_alive="1m")["id"]
es.index(index="articles", id="py/late", document={"headline": "Bulk, but later"}, refresh="wait_for")
seen, after = [], None
while True:
    page = es.search(pit={"id": pit, "keep_alive": "1m"}, query={"match": {"headline": "bulk"}}, sort=[{"_seq": "asc"}], size=20, search_after=after)
    if not page["hits"]["hits"]:
        break
    seen += [hit["_id"] for hit in page["hits"]["hits"]]
    after = page["hits"]["hits"][-1]["sort"]
assert len(seen) == 50 and "py/late" not in seen, seen
assert es.close_point_in_time(id=pit)["num_freed"] == 1
es.delete(index="articles", id="py/late", refresh="wait_for")

collapsed = es.search(index="articles", collapse={"field": "section"}, size=50, filter_path="hits.hits.fields.section")
sections = [hit["fields"]["section"][0] for hit in collapsed["hits"]["hits"] if "fields" in hit]
assert len(sections) == len(set(sections)) > 1, sections
both = es.search(index="articles,images", size=0, aggs={"kinds": {"filters": {"filters": {"a": {"exists": {"field": "headline"}}, "i": {"exists": {"field": "caption"}}}}}})
buckets = both["aggregations"]["kinds"]["buckets"]
assert buckets["a"]["doc_count"] > 0 and buckets["i"]["doc_count"] > 0
assert es.cluster.health(wait_for_status="green", timeout="5s")["status"] == "green"
assert "articles" in str(es.cat.indices(v=True, h="index,docs.count"))
for ok, item in helpers.streaming_bulk(es, ({"_op_type": "delete", "_index": "articles", "_id": f"py/bulk/{n}"} for n in range(50))):
    assert ok and item["delete"]["result"] == "deleted"
assert es.indices.analyze(body={"analyzer": "english", "text": "ferries"})["tokens"][0]["token"] == "ferri"
assert es.indices.validate_query(index="articles", query={"match_all": {}})["valid"]
assert es.field_caps(index="articles", fields="section")["fields"]["section"]["keyword"]["searchable"]
print("reads; writes; refused: geo_shape (there are no places)")
