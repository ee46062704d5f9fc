// Searchkit, which makes searches of InstantSearch's requests, and Search UI's connector.
import assert from "node:assert/strict";
import Searchkit from "searchkit";

const address = process.argv[2];
// The connector takes what is behind the last slash of an address away.
const host = `${address}/`;
const kit = new Searchkit({
  connection: { host: address },
  search_settings: {
    highlight_attributes: ["headline"], search_attributes: [{ field: "headline", weight: 3 }, "body"], result_attributes: ["headline", "published"],
    facet_attributes: [{ attribute: "section", field: "section", type: "string" }],
  },
});
const request = { indexName: "articles", params: { query: "harbour", facets: ["section"], hitsPerPage: 5, page: 0, maxValuesPerFacet: 10 } };
const answer = await kit.handleInstantSearchRequests([request]);
const [found] = answer.results ?? answer;
assert.ok(found.nbHits > 0 && found.hits.length > 0 && Object.keys(found.facets.section).length > 0, JSON.stringify(found).slice(0, 400));

const { default: Connector } = await import("@elastic/search-ui-elasticsearch-connector");
const Class = Connector.default ?? Connector;
const connector = new Class({ host, index: "articles" });
const state = { searchTerm: "harbour", current: 1, resultsPerPage: 5, filters: [], sortList: [] };
const settings = { search_fields: { headline: { weight: 3 }, body: {} }, result_fields: { headline: { raw: {}, snippet: {} } }, facets: { section: { type: "value", size: 5 } }, disjunctiveFacets: [] };
const page = await connector.onSearch(state, settings);
assert.ok(page.totalResults > 0 && page.results.length > 0 && page.facets.section[0].data.length > 0, JSON.stringify(page).slice(0, 400));
console.log("reads; writes: they write nothing; refused: nothing");
