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
console.log("@opensearch-project/opensearch works");
