// The official JavaScript client of Elasticsearch, as its users use it.
import assert from "node:assert/strict";
import { Client } from "@elastic/elasticsearch";

const client = new Client({ node: process.argv[2] });
assert.ok(await client.ping());
const answer = await client.search({
  index: "articles",
  query: { match_phrase_prefix: { body: "the harb" } },
  highlight: { fields: { body: {} } },
  aggs: { sections: { terms: { field: "section" } } },
});
assert.ok(answer.hits.total.value > 0 && answer.hits.hits[0].highlight.body[0].includes("<em>"));
assert.ok(answer.aggregations.sections.buckets.length > 0);
const done = await client.helpers.bulk({
  datasource: [1, 2, 3].map((n) => ({ id: `js/${n}`, headline: `From JavaScript ${n}` })),
  onDocument: (document) => [{ index: { _index: "articles", _id: document.id } }, { headline: document.headline }],
  refreshOnCompletion: "articles",
});
assert.equal(done.successful, 3);
assert.equal((await client.get({ index: "articles", id: "js/2" }))._source.headline, "From JavaScript 2");
const scrolled = [];
for await (const page of client.helpers.scrollSearch({ index: "articles", size: 5, query: { match: { headline: "JavaScript" } } })) {
  scrolled.push(...page.body.hits.hits.map((hit) => hit._id));
}
assert.deepEqual(scrolled.sort(), ["js/1", "js/2", "js/3"]);
const point = await client.openPointInTime({ index: "articles", keep_alive: "1m" });
const inPoint = await client.search({ pit: { id: point.id }, size: 2, sort: [{ published: "asc" }] });
assert.equal(inPoint.hits.hits.length, 2);
assert.equal((await client.closePointInTime({ id: point.id })).num_freed, 1);
const documents = [];
for await (const document of client.helpers.scrollDocuments({ index: "articles", size: 2, query: { match: { headline: "JavaScript" } } })) {
  documents.push(document.headline);
}
assert.equal(documents.length, 3);
assert.equal((await client.helpers.search({ index: "articles", size: 2 })).length, 2);
const many = client.helpers.msearch({ operations: 3 });
const heads = await Promise.all(["fog", "harbour", "cable"].map((word) => many.search({ index: "articles" }, { query: { match: { body: word } } })));
assert.ok(heads.every((head) => head.body.hits.total.value > 0 && head.documents.length > 0));
many.stop();
const grouped = await client.search({
  index: "articles",
  size: 0,
  typed_keys: true,
  aggs: {
    sections: {
      terms: { field: "section", order: [{ oldest: "asc" }, { _key: "asc" }], include: ["Shipping", "Science", "Local"] },
      aggs: { oldest: { min: { field: "published" } }, newest: { top_hits: { size: 1, sort: [{ published: "desc" }] } } },
    },
  },
});
const oldest = grouped.aggregations["sterms#sections"].buckets.map((bucket) => bucket["min#oldest"].value);
assert.ok(oldest.length === 3 && oldest.every((value, at) => at === 0 || oldest[at - 1] <= value), oldest);
await assert.rejects(client.asyncSearch.submit({ index: "articles" }), /_async_search/);
await assert.rejects(client.search({ index: "articles", query: { nonsense: {} } }), /nonsense/);
console.log("reads; writes; refused: _async_search (every search ends within seconds)");
