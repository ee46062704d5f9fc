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
await assert.rejects(client.search({ index: "articles", query: { nonsense: {} } }), /nonsense/);
console.log("@elastic/elasticsearch works");
