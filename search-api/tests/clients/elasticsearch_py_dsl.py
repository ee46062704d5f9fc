"""The DSL classes of the Python client of Elasticsearch, its async half and its bulk helpers, as their users use them."""

import asyncio
import sys

from elasticsearch import AsyncElasticsearch, Elasticsearch, helpers
from elasticsearch.dsl import A, AsyncSearch, DateHistogramFacet, Date, Document, FacetedSearch, Keyword, MultiSearch, Q, Search, Text, TermsFacet

address = sys.argv[1]
es = Elasticsearch(address, request_timeout=30)
articles = Search(using=es, index="articles")
total = articles.count()

# Queries that are put together, sorted, highlighted, cut into pages.
found = (
    articles.query(Q("match", body="harbour") | Q("match_phrase", headline="fog"))
    .filter("range", published={"gte": "1850", "lte": "now"})
    .exclude("term", section="Nowhere")
    .highlight("body", fragment_size=60, number_of_fragments=1)
    .sort("-published", {"_score": {"order": "desc"}})
    .source(["headline", "published"])
    .extra(track_total_hits=True, explain=True)[0:5]
)
response = found.execute()
assert response.success() and response.hits.total.relation == "eq" and len(response) == 5
published = [hit.published for hit in response]
assert published == sorted(published, reverse=True), published
assert all(hit.meta.highlight.body[0] and hit.meta.explanation.value > 0 for hit in response if "highlight" in hit.meta)
assert len(list(articles.query("match_all").scan())) == total
assert len(list(articles.iterate())) == total, "through a point in time"

# Aggregations within each other, in the order of what is nested in them.
search = articles[0:0]
search.aggs.bucket("sections", A("terms", field="section", size=3, order={"pages.count": "desc"}, exclude="F.*")) \
    .metric("first", "min", field="published", format="yyyy") \
    .metric("pages", "stats", field="published") \
    .bucket("years", "date_histogram", field="published", calendar_interval="year", min_doc_count=1) \
    .metric("best", "top_hits", size=1, sort=[{"published": "desc"}], _source=["headline"])
buckets = search.execute().aggregations.sections.buckets
counts = [bucket.pages.count for bucket in buckets]
assert len(counts) == 3 and counts == sorted(counts, reverse=True), counts
assert all(not bucket.key.startswith("F") and len(bucket.first.value_as_string) == 4 for bucket in buckets)
newest = buckets[0].years.buckets[-1]
assert newest.best.hits[0].headline and newest.key_as_string.endswith("Z")
ranges = articles[0:0]
ranges.aggs.bucket("when", "date_range", field="published", format="yyyy", ranges=[{"to": "1900"}, {"from": "1900"}])
assert [bucket.key for bucket in ranges.execute().aggregations.when] == ["*-1900", "1900-*"]


class Reading(FacetedSearch):
    using, index, fields = es, "articles", ["headline^2", "body"]
    facets = {"section": TermsFacet(field="section"), "year": DateHistogramFacet(field="published", calendar_interval="year")}


reading = Reading("harbour").execute()
section, count, chosen = reading.facets.section[0]
assert count > 0 and not chosen
narrowed = Reading("harbour", {"section": [section]}).execute()
assert narrowed.hits.total.value == count and (section, count, True) in narrowed.facets.section


class Article(Document):
    headline, section, published = Text(), Keyword(), Date()

    class Index:
        name, using = "articles", es


article = Article(meta={"id": "dsl/1"}, headline="Written by a class", section="Letters")
assert article.save(refresh="wait_for") == "created"
assert Article.get("dsl/1").section == "Letters"
assert article.update(section="Notes", refresh="wait_for") == "updated"
assert [hit.meta.id for hit in Article.search().query("match", headline="class").filter("term", section="Notes")] == ["dsl/1"]
assert Article.mget(["dsl/1"])[0].headline == "Written by a class"
assert article.delete(refresh="wait_for") is None and not Article.exists("dsl/1")
both = MultiSearch(using=es, index="articles").add(articles.query("match", body="fog")).add(articles.query("match_none")).execute()
assert both[0].hits.total.value > 0 == both[1].hits.total.value
suggested = articles.suggest("words", "harbuor", term={"field": "body"}).execute().suggest.words[0]
assert suggested.options[0].text.startswith("harbo") and suggested.options[0].freq > 0

# Many at once, from several threads; and from one index into another.
made = ({"_index": "images", "_id": f"dsl/{n}", "caption": f"Parallel {n}"} for n in range(60))
assert sum(ok for ok, _ in helpers.parallel_bulk(es, made, thread_count=3, chunk_size=11)) == 60
es.indices.refresh(index="images")
parallel = {"query": {"match": {"caption": "parallel"}}}
assert helpers.reindex(es, "images", "images", query=parallel) == (60, 0)


async def asynchronous() -> None:
    async with AsyncElasticsearch(address) as client:
        found = [hit["_id"] async for hit in helpers.async_scan(client, index="images", query=parallel, size=13)]
        assert len(set(found)) == 60, len(found)
        assert await AsyncSearch(using=client, index="images").query("match", caption="parallel").count() == 60
        gone = [{"_op_type": "delete", "_index": "images", "_id": id} for id in found]
        assert await helpers.async_bulk(client, gone, refresh="wait_for") == (60, [])
        several = await asyncio.gather(*(client.search(index="articles", q=word) for word in ("fog", "harbour", "cable")))
        assert all(answer["hits"]["total"]["value"] for answer in several)


asyncio.run(asynchronous())
print("reads; writes; refused: nothing")
