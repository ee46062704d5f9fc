// The JavaScript client of OpenSearch, as its users use it.
import assert from "node:assert/strict";
import { Client } from "@opensearch-project/opensearch";

const client = new Client({ node: process.argv[2] });
assert.ok((await client.ping()).body);
const { body } = await client.search({ index: "bylines", body: { query: { match_all: {} }, sort: ["name.keyword"] } });
assert.ok(body.hits.total.value > 0);
const made = await client.index({ index: "bylines", id: "b/js", body: { name: "Java Script" }, refresh: true });
assert.equal(made.body.result, "created");
const bulk = await client.bulk({ body: [{ delete: { _index: "bylines", _id: "b/js" } }] });
assert.equal(bulk.body.items[0].delete.result, "deleted");
let page = (await client.search({ index: "articles", scroll: "1m", size: 4, body: { query: { match_all: {} } } })).body;
const total = page.hits.total.value;
let seen = 0;
while (page.hits.hits.length > 0) {
  seen += page.hits.hits.length;
  page = (await client.scroll({ body: { scroll_id: page._scroll_id, scroll: "1m" } })).body;
}
assert.equal(seen, total);
assert.equal((await client.clearScroll({ body: { scroll_id: [page._scroll_id] } })).body.num_freed, 1);
console.log("reads; writes; refused: nothing");
