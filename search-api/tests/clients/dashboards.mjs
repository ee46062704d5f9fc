// The bodies that Kibana's and OpenSearch Dashboards' Discover and Grafana's data source send, of our own writing.
import assert from "node:assert/strict";

const root = process.argv[2];
const ask = async (method, path, body, type = "application/json") => {
  const answer = await fetch(`${root}/${path}`, { method, body, headers: body ? { "content-type": type } : {} });
  const json = await answer.json();
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(json)}`);
  return json;
};
const range = { range: { published: { format: "strict_date_optional_time", gte: "1800-01-01T00:00:00.000Z", lte: "2030-01-01T00:00:00.000Z" } } };

// Kibana: which fields there are, documents with a histogram above them, and one document.
assert.ok((await ask("GET", "_resolve/index/*")).indices.length === 3);
const caps = await ask("POST", "articles/_field_caps?fields=*&allow_no_indices=true&include_unmapped=true");
assert.ok(caps.fields.published.date.aggregatable && caps.fields.body.text.searchable);
const kibana = {
  track_total_hits: true, size: 500, version: true, sort: [{ published: { order: "desc", unmapped_type: "boolean", format: "strict_date_optional_time" } }],
  fields: [{ field: "*", include_unmapped: true }, { field: "published", format: "strict_date_optional_time" }],
  _source: false, stored_fields: ["*"], script_fields: {}, runtime_mappings: {},
  query: { bool: { must: [], filter: [{ bool: { should: [{ match: { body: "harbour" } }], minimum_should_match: 1 } }, range], should: [], must_not: [] } },
  highlight: { pre_tags: ["@kibana-highlighted-field@"], post_tags: ["@/kibana-highlighted-field@"], fields: { "*": {} }, fragment_size: 2147483647 },
  aggs: { 2: { date_histogram: { field: "published", fixed_interval: "3650d", time_zone: "Europe/Berlin", min_doc_count: 1 } } },
};
const discover = await ask("POST", "articles/_search?preference=1&ignore_unavailable=true", JSON.stringify(kibana));
assert.ok(discover.hits.total.value > 0 && discover.hits.hits[0].fields.published[0].endsWith("Z"));
assert.ok(JSON.stringify(discover.hits.hits.map((hit) => hit.highlight)).includes("@kibana-highlighted-field@"));
assert.equal(discover.aggregations[2].buckets.reduce((sum, bucket) => sum + bucket.doc_count, 0), discover.hits.total.value);
await ask("POST", "articles/_terms_enum", JSON.stringify({ field: "section", string: "", size: 10, timeout: "1s", case_insensitive: true, index_filter: { bool: { must: [], filter: [range] } } }));

// OpenSearch Dashboards.
const osd = {
  version: true, size: 500, sort: [{ published: { order: "desc", unmapped_type: "boolean" } }], stored_fields: ["*"], script_fields: {},
  docvalue_fields: [{ field: "published", format: "date_time" }], _source: { excludes: [] },
  query: { bool: { must: [], filter: [{ multi_match: { type: "best_fields", query: "harbour", lenient: true } }, range], should: [], must_not: [] } },
  aggs: { 2: { date_histogram: { field: "published", calendar_interval: "1y", time_zone: "UTC", min_doc_count: 1 } } },
};
assert.ok((await ask("POST", "articles/_search?rest_total_hits_as_int=true", JSON.stringify(osd))).hits.total > 0);

// Grafana: the version, and figures by time through _msearch.
assert.ok((await ask("GET", "")).version.number >= "7.17");
const grafana = {
  size: 0, query: { bool: { filter: [{ range: { published: { gte: -5364662400000, lte: 1893456000000, format: "epoch_millis" } } }, { query_string: { analyze_wildcard: true, query: "body:harbour" } }] } },
  aggs: { 2: { terms: { field: "section", size: 10, order: { _key: "desc" }, min_doc_count: 0 + 1 }, aggs: { 3: { date_histogram: { field: "published", min_doc_count: 0, extended_bounds: { min: -5364662400000, max: 1893456000000 }, format: "epoch_millis", fixed_interval: "3650d" }, aggs: { 4: { percentiles: { field: "published", percents: [50, 99] } }, 5: { derivative: { buckets_path: "_count" } } } } } } },
};
const header = { search_type: "query_then_fetch", ignore_unavailable: true, index: ["articles"] };
const graphs = await ask("POST", "_msearch?max_concurrent_shard_requests=5", `${JSON.stringify(header)}\n${JSON.stringify(grafana)}\n`, "application/x-ndjson");
assert.ok(graphs.responses[0].aggregations[2].buckets[0][3].buckets.length > 10, JSON.stringify(graphs).slice(0, 300));
console.log("reads; writes: they write nothing here; refused: nothing");
