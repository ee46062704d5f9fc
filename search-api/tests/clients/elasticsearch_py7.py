"""The Python client of Elasticsearch 7.17 and its DSL, as older code uses them."""

import sys

import elasticsearch
from elasticsearch import Elasticsearch, helpers
from elasticsearch_dsl import A, Q, Search

es = Elasticsearch([sys.argv[1]], timeout=30)
assert es.ping() and es.info()["version"]["number"] >= "7.17"
body = {"query": {"match": {"body": "harbour"}}, "highlight": {"fields": {"body": {}}}, "aggs": {"s": {"terms": {"field": "section"}}}}
answer = es.search(index="articles", body=body, size=3, track_total_hits=True)
assert answer["hits"]["total"]["value"] > 0 and answer["aggregations"]["s"]["buckets"]
total = es.count(index="articles")["count"]
assert len(list(helpers.scan(es, index="articles", size=7))) == total
lines = [{"index": "articles"}, {"query": {"match_all": {}}, "size": 1}, {"index": "images"}, {"size": 0}]
assert len(es.msearch(body=lines)["responses"]) == 2
assert es.indices.get_mapping(index="articles")["articles"]["mappings"]["properties"]["published"]["type"] == "date"
assert es.nodes.info()["nodes"] and es.cluster.stats()["indices"]["count"] == 3 and es.cat.health(format="json")[0]["status"]
assert es.indices.stats(index="articles")["_all"]["primaries"]["docs"]["count"] == total
template = {"source": {"query": {"match": {"body": "{{word}}"}}}, "params": {"word": "harbour"}}
assert es.search_template(index="articles", body=template)["hits"]["total"]["value"] == answer["hits"]["total"]["value"]
assert es.explain(index="articles", id=answer["hits"]["hits"][0]["_id"], body={"query": body["query"]})["matched"]

search = Search(using=es, index="articles").query(Q("bool", must=[Q("match", body="harbour")], must_not=[Q("term", section="Nowhere")]))
search.aggs.bucket("years", A("date_histogram", field="published", calendar_interval="year", min_doc_count=1)) \
    .pipeline("so_far", "cumulative_sum", buckets_path="_count")
found = search[0:2].execute()
assert found.aggregations.years.buckets[-1].so_far.value == found.hits.total.value
pages, after = [], None
while True:
    sources = [{"section": {"terms": {"field": "section"}}}]
    composite = {"sources": sources, "size": 3, **({"after": after} if after else {})}
    page = es.search(index="articles", body={"size": 0, "aggs": {"c": {"composite": composite}}})["aggregations"]["c"]
    pages += page["buckets"]
    after = page.get("after_key")
    if not page["buckets"]:
        break
assert len({bucket["key"]["section"] for bucket in pages}) == len(pages) > 3
print("reads", end="; ")

made = ({"_index": "images", "_id": f"seven/{n}", "_source": {"caption": "Zyxw"}} for n in range(12))
assert helpers.bulk(es, made, refresh="wait_for") == (12, [])
gone = es.delete_by_query(index="images", body={"query": {"match": {"caption": "zyxw"}}}, refresh=True)
assert gone["deleted"] == 12 and not gone["failures"], gone
print("writes", end="; ")
try:
    es.search(index="articles", body={"query": {"script_score": {"query": {"match_all": {}}, "script": {"source": "1"}}}})
    raise SystemExit("a script must be refused")
except elasticsearch.RequestError as error:
    assert "function_score" in str(error.info)
print("refused: scripts (nothing from outside is run)")
