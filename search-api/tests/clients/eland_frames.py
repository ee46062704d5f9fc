"""eland: the archive as a data frame."""

import sys

import eland
from elasticsearch import Elasticsearch

es = Elasticsearch(sys.argv[1], request_timeout=30)
frame = eland.DataFrame(es, es_index_pattern="articles", columns=["headline", "section", "published", "type"])
total = es.count(index="articles")["count"]
assert frame.shape == (total, 4), frame.shape
assert len(frame.head(3)) == 3 and len(frame.to_pandas()) == total
city = frame[frame["section"] == frame.to_pandas()["section"].value_counts().index[0]]
assert 0 < len(city) < total
assert frame["section"].nunique() > 1 and frame["section"].value_counts().sum() > 0
images = eland.DataFrame(es, es_index_pattern="images", columns=["used_in_count"])
figures = images.describe()
assert figures["used_in_count"]["count"] > 0 and images["used_in_count"].max() >= images["used_in_count"].mean()
assert images.agg(["sum", "min", "max", "mean", "var", "std", "nunique"]).shape[0] == 7
print("reads; writes: not tried; refused: nothing")
