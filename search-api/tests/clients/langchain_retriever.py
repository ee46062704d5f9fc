"""LangChain's retriever over Elasticsearch, by words."""

import sys

from elasticsearch import Elasticsearch
from langchain_elasticsearch import ElasticsearchRetriever

es = Elasticsearch(sys.argv[1], request_timeout=30)
by_words = lambda text: {"query": {"match": {"body": text}}, "size": 3}
retriever = ElasticsearchRetriever(index_name="articles", body_func=by_words, content_field="body", client=es)
found = retriever.invoke("harbour")
assert len(found) == 3 and all(document.page_content for document in found), found
assert found[0].metadata["_source"]["headline"]
try:
    vectors = lambda text: {"knn": {"field": "vector", "query_vector": [1], "k": 1, "num_candidates": 1}}
    ElasticsearchRetriever(index_name="articles", body_func=vectors, content_field="body", client=es).invoke("x")
    raise SystemExit("vectors must be refused")
except Exception as error:
    assert "knn" in str(error), error
print("reads; writes: not tried; refused: knn (there are no vectors)")
