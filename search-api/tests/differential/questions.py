"""What both are asked: a list of (kind, method, path, body), of every kind that docs/elasticsearch.md names."""

ALL = {"size": 300, "track_total_hits": True}
WORDS = ["ferry", "cable", "the", "harbour", "comet", "Titanic", "telegraph wire", "war peace", "zzqx", "Réti", "reti", "ships", "1912", "C. Q. D.", "o'clock", "eleven o'clock"]


def search(kind, body, index="articles", path="_search"):
    return (kind, "POST", f"/{index}/{path}", body)


def query(kind, body, index="articles", **more):
    return search(kind, {"query": body, **ALL, **more}, index)


def full_text():
    for words in WORDS:
        for field in ["body", "headline", "body.exact"]:
            yield query("match", {"match": {field: words}})
        yield query("match", {"match": {"body.exact": {"query": words, "operator": "and"}}})
        yield query("match_phrase", {"match_phrase": {"body.exact": words}})
        yield query("match_phrase_prefix", {"match_phrase_prefix": {"body.exact": words}})
        yield query("match_bool_prefix", {"match_bool_prefix": {"body.exact": words}})
        yield query("multi_match", {"multi_match": {"query": words, "fields": ["headline.exact", "body.exact"]}})
    for least in [1, 2, "75%", "-1", "2<75%", "-25%", "1<-1 3<50%", 0]:
        yield query("match", {"match": {"body.exact": {"query": "cable ocean telegraph wire", "minimum_should_match": least}}})
    for fuzziness in ["AUTO", 1, 2, 0, "AUTO:3,6"]:
        yield query("match", {"match": {"headline.exact": {"query": "atlantik", "fuzziness": fuzziness}}})
        yield query("fuzzy", {"fuzzy": {"headline.exact": {"value": "atlantik", "fuzziness": fuzziness}}})
    for more in [{"prefix_length": 3}, {"max_expansions": 1}, {"fuzzy_transpositions": False}, {"prefix_length": 8}]:
        yield query("match", {"match": {"headline.exact": {"query": "atlantci", "fuzziness": 1, **more}}})
    yield query("match", {"match": {"body.exact": {"query": "cable telegraph", "operator": "and", "boost": 2, "_name": "both"}}})
    yield query("match", {"match": {"body.exact": {"query": "", "zero_terms_query": "all"}}})
    yield query("match", {"match": {"body.exact": {"query": "", "zero_terms_query": "none"}}})
    yield query("match", {"match": {"section": "Front Page"}})
    yield query("match", {"match": {"section": "front page"}})
    yield query("match", {"match": {"published": "1912-04-16"}})
    yield query("match", {"match": {"published": "no date"}})
    yield query("match", {"match": {"published": {"query": "no date", "lenient": True}}})
    yield query("match", {"match": {"article_count": 2}}, "bylines")
    yield query("match", {"match": {"article_count": "many"}}, "bylines")
    yield query("match", {"match": {"no_such": "x"}})
    for slop in [0, 1, 3, 10]:
        yield query("match_phrase", {"match_phrase": {"body.exact": {"query": "cable ocean", "slop": slop}}})
        yield query("match_phrase", {"match_phrase": {"body.exact": {"query": "house light", "slop": slop}}})
    for phrase in ["the harbour", "a hundred years", "press two", "of the cable", "the the"]:
        yield query("match_phrase", {"match_phrase": {"body.exact": phrase}})
        yield query("match_phrase", {"match_phrase": {"body": phrase}})
    for prefix in ["har", "the harb", "a hundred y", "cable s"]:
        for most in [1, 50]:
            yield query("match_phrase_prefix", {"match_phrase_prefix": {"body.exact": {"query": prefix, "max_expansions": most}}})
    for kind in ["best_fields", "most_fields", "cross_fields", "phrase", "phrase_prefix", "bool_prefix"]:
        for operator in ["or", "and"]:
            body = {"query": "eleanor quill", "type": kind, "fields": ["headline.exact", "bylines.name"], "operator": operator}
            yield query("multi_match", {"multi_match": body})
    yield query("multi_match", {"multi_match": {"query": "cable", "fields": ["head*", "body^3"]}})
    yield query("multi_match", {"multi_match": {"query": "cable ocean", "fields": ["headline.exact", "body.exact"], "tie_breaker": 0.3, "minimum_should_match": "100%"}})
    yield query("multi_match", {"multi_match": {"query": "cabel", "fields": ["headline.exact", "body.exact"], "fuzziness": "AUTO"}})
    yield query("multi_match", {"multi_match": {"query": "x", "fields": ["headline"], "type": "no_such"}})
    for operator in ["or", "and"]:
        yield query("combined_fields", {"combined_fields": {"query": "quill cable", "fields": ["headline.exact", "body.exact"], "operator": operator}})
    yield query("match_none", {"match_none": {}})
    yield query("match_all", {"match_all": {}})
    yield query("match_all", {"match_all": {"boost": 2}}, "bylines")
    for analyzer in ["morgue_exact", "standard", "keyword", "whitespace", "simple", "no_such"]:
        yield query("analyzer", {"match": {"body.exact": {"query": "Cable OCEAN", "analyzer": analyzer}}})
        yield query("analyzer", {"match_phrase": {"body.exact": {"query": "Submarine cable", "analyzer": analyzer}}})
        yield query("analyzer", {"query_string": {"query": "Submarine cable", "default_field": "body.exact", "analyzer": analyzer}})
    yield query("analyzer", {"multi_match": {"query": "Cable", "fields": ["body.exact"], "analyzer": "keyword"}})


def words_and_values():
    for value in ["Front Page", "Science", "front page", "", "Nothing"]:
        yield query("term", {"term": {"section": value}})
        yield query("term", {"term": {"section": {"value": value, "boost": 2.0}}})
    yield query("term", {"term": {"section": {"value": "front page", "case_insensitive": True}}})
    for value in ["Oil", "ferry", "Ferry", "ferries", "harbour", "cabl"]:
        for field in ["body", "body.exact"]:
            yield query("term", {"term": {field: value}})
    for value in ["1912-04-16", "1912", "2026-03-01T08:00:00Z", 0, "x"]:
        yield query("term", {"term": {"published": value}})
    for value in [2, "2", 2.0, 2.5, "x", True]:
        yield query("term", {"term": {"article_count": value}}, "bylines")
    yield query("term", {"term": {"_id": "a/1912-04-16-titanic"}})
    yield query("term", {"term": {"no_such": "x"}})
    yield query("term", {"term": {"section": ["a"]}})
    yield query("term", {"term": {}})
    yield query("term", {"term": {"section": "a", "type": "b"}})
    yield query("terms", {"terms": {"section": ["Science", "Local"]}})
    yield query("terms", {"terms": {"section": []}})
    yield query("terms", {"terms": {"section": "Science"}})
    yield query("terms", {"terms": {"body.exact": ["cable", "Ferry"], "boost": 2}})
    yield query("terms", {"terms": {"article_count": [1, 2, "3"]}}, "bylines")
    yield query("terms", {"terms": {"published": ["1912-04-16", "1851-03-01"]}})
    yield query("terms_set", {"terms_set": {"keywords.value.keyword": {"terms": ["Cable", "Space", "Astronomy"], "minimum_should_match_script": {"source": "2"}}}})
    for pattern in ["fer*", "F*", "*rry", "c?ble", "*", "f*y", "\\*", ""]:
        yield query("wildcard", {"wildcard": {"headline.exact": pattern}})
        yield query("wildcard", {"wildcard": {"section": {"value": pattern}}})
    yield query("wildcard", {"wildcard": {"section": {"value": "front*", "case_insensitive": True}}})
    yield query("wildcard", {"wildcard": {"section": {"wildcard": "Front*"}}})
    for prefix in ["Fro", "fro", "", "Front P"]:
        yield query("prefix", {"prefix": {"section": prefix}})
        yield query("prefix", {"prefix": {"headline.exact": {"value": prefix}}})
    yield query("prefix", {"prefix": {"section": {"value": "fro", "case_insensitive": True}}})
    for pattern in ["fer.*", "c[ab]+le", "(ferry|cable)", "fer", ".*", "F.*", "<1-9>+", "~(cable)", "[0-9]{4}", "a&b", "@", "(", "fer.+?y"]:
        yield query("regexp", {"regexp": {"headline.exact": pattern}})
        yield query("regexp", {"regexp": {"section": {"value": pattern}}})
    yield query("regexp", {"regexp": {"section": {"value": "front.*", "case_insensitive": True}}})
    yield query("regexp", {"regexp": {"section": {"value": "Front.*", "flags": "NONE"}}})
    for value in ["Sience", "sience", "Science"]:
        yield query("fuzzy", {"fuzzy": {"section": value}})
        yield query("fuzzy", {"fuzzy": {"section": {"value": value, "fuzziness": 2, "prefix_length": 1}}})
    for field in ["updated", "images", "images.id", "headline", "desk", "no_such", "bylines.name.keyword", "body.exact", "*", "images.*", "_id"]:
        yield query("exists", {"exists": {"field": field}})
    yield query("ids", {"ids": {"values": ["a/1912-04-16-titanic", "no", "a/2024-04-10-higgs"]}})
    yield query("ids", {"ids": {"values": []}})
    yield query("ids", {"ids": {"values": "a/1912-04-16-titanic"}})
    yield query("ids", {"ids": {}})


def ranges():
    for bounds in [
        {"gte": "1912"}, {"gt": "1912"}, {"lt": "1912"}, {"lte": "1912"}, {"gte": "1912-04", "lt": "1912-05"}, {"lte": "1912-04-16"},
        {"gte": "1912-04-16T00:00:00Z"}, {"lte": "2026-03-01T08"}, {"lt": "2026-03-01T08"}, {"lte": "2026-03-01T08:00"}, {"gt": "2026-03-01T08"},
        {"gte": "2024-04-09||/M", "lt": "2024-04-09||+1M/M"}, {"lte": "2024-04-09||/y"}, {"gte": "now-5y"}, {"gte": "now/d", "lt": "now+1d/d"},
        {"gte": "16/04/1912", "format": "dd/MM/yyyy"}, {"lte": "1912", "format": "yyyy"}, {"gte": "1912||/y", "format": "yyyy"}, {"gte": 0}, {"lt": 0},
        {"gte": "0"}, {"lt": -1829260800000}, {"gte": "1912-04-16", "time_zone": "-05:00"}, {"gte": "1912-04-16", "time_zone": "Europe/Berlin"}, {"lte": "1912-04-15", "time_zone": "+02:00"},
        {"gte": "no date"}, {"gte": "1912-13"}, {"gte": "1912-02-30"}, {"gte": "1912", "lte": "1900"}, {}, {"from": "1912", "to": "1920"},
        {"from": "1912", "to": "1920", "include_lower": False, "include_upper": False}, {"gte": None}, {"gte": "912"}, {"lte": "1912-04-16", "relation": "within"},
        {"gte": "1912", "boost": 2}, {"gte": "1912", "no_such": 1}, {"gte": "1912-04-16||+1x"}, {"gte": "now-1"},
    ]:
        yield query("range", {"range": {"published": bounds}})
    for bounds in [{"gte": 2}, {"gt": 2, "lt": 10}, {"lte": 2.5}, {"gte": "3"}, {"gte": "x"}, {"gt": 2.5}, {"lt": -1}, {"gte": 99999999999999999999}]:
        yield query("range", {"range": {"article_count": bounds}}, "bylines")
    for bounds in [{"gte": "L"}, {"gt": "Local", "lt": "Science"}, {"lte": "a"}]:
        yield query("range", {"range": {"section": bounds}})
        yield query("range", {"range": {"headline.exact": bounds}})


def strings():
    texts = [
        "cable", "cable ocean", "cable AND ocean", "cable OR ocean", "cable NOT ocean", "NOT cable", "+cable -ocean", "+cable ocean", "\"submarine cable\"", "\"cable ocean\"~5",
        "cabel~", "cabel~1", "cab*", "*able", "c?ble", "/cab.*/", "headline.exact:cable", "headline.exact:(cable ferry)", "headline.exact:(+cable +silent)", "headline.exact:\"atlantic cable\"",
        "published:[1912 TO 1914]", "published:{1912 TO 1914}", "published:[1912 TO *]", "published:>=1912", "published:<1912", "section:Science", "section:\"Front Page\"", "section:Front\\ Page",
        "_exists_:updated", "NOT _exists_:updated", "*", "*:*", "(cable OR ferry) AND ocean", "cable^2 ocean", "no_such:x", "cable &&  ocean", "cable || ocean", "!cable", "cable ! ocean",
        "type:(news OR letter)", "cable AND", "(cable", "cable)", "\"cable", "headline.exact:", "[1 TO", "cable:ocean", "published:1912", "published:\"1912-04-16\"", "published:x", "", "   ", "a\\:b", "\\", "/(/", "~", "section:[a TO z]",
        "section:{L TO *}", "headline.exact:fer*", "section:Fro*", "section:fro*", "AND cable", "OR", "cable -", "+", "x^", "x~9", "head*:cable", "bylines.name:\"Eleanor Quill\"",
    ]
    for text in texts:
        yield query("query_string", {"query_string": {"query": text, "default_field": "body.exact"}})
    for text in ["cable ocean", "cable NOT ocean", "cable OR ocean", "NOT cable", "(cable ferry) ocean"]:
        yield query("query_string", {"query_string": {"query": text, "default_field": "body.exact", "default_operator": "AND"}})
    for more in [{"fields": ["headline.exact", "body.exact"]}, {"fields": ["headline.exact^3", "body.exact"], "type": "cross_fields", "default_operator": "AND"}, {"fields": ["head*"]}, {"default_field": "body.exact", "phrase_slop": 5}, {"default_field": "body.exact", "lenient": True},
                 {"default_field": "body.exact", "minimum_should_match": "100%"}, {"default_field": "body.exact", "fuzziness": 1}, {"default_field": "body.exact", "allow_leading_wildcard": False}, {"default_field": "body.exact", "quote_field_suffix": ".no"}, {"default_field": "body.exact", "boost": 2}]:
        for text in ["cable ocean", "\"cable ocean\"", "*able", "cabel~", "published:x"]:
            yield query("query_string", {"query_string": {"query": text, **more}})
    for text in ["cable", "cable ocean", "cable + ocean", "cable -ocean", "cable | ocean", "\"submarine cable\"", "\"cable ocean\"~5", "cab*", "cabel~1", "(cable | ferry) + ocean", "headline.exact:cable", "AND", "cable AND ocean", "-cable", "+cable", "\"cable", "(cable", "*", "", "cable~", "a-b", "cable\\ ocean"]:
        for operator in ["or", "and"]:
            yield query("simple_query_string", {"simple_query_string": {"query": text, "fields": ["body.exact"], "default_operator": operator}})
    for flags in ["NONE", "ALL", "AND|OR|PREFIX", "NO_SUCH", "PHRASE"]:
        yield query("simple_query_string", {"simple_query_string": {"query": "\"submarine cable\" + cab*", "fields": ["body.exact"], "flags": flags}})
    yield query("simple_query_string", {"simple_query_string": {"query": "cable ocean wire", "fields": ["body.exact"], "minimum_should_match": 2}})
    for text in ["cable", "headline.exact:cable", "cable AND", "section:Science"]:
        for address in ["/articles/_search?size=300&df=body.exact&q=", "/articles/_count?df=body.exact&q=", "/articles/_search?size=300&df=body.exact&default_operator=AND&q="]:
            yield ("q in the address", "GET", address + text.replace(" ", "%20").replace(":", "%3A"), None)


def compound():
    cable, ocean, ferry = ({"term": {"body.exact": word}} for word in ["cable", "ocean", "ferry"])
    for body in [
        {"must": [cable, ocean]}, {"must": cable}, {"should": [cable, ocean]}, {"must_not": [cable]}, {"filter": [cable], "must_not": [ocean]}, {"must": [cable], "should": [ocean]}, {},
        {"should": [cable, ocean, ferry], "minimum_should_match": 2}, {"should": [cable, ocean], "minimum_should_match": 0}, {"should": [cable, ocean], "minimum_should_match": "50%"}, {"should": [cable, ocean], "minimum_should_match": 3},
        {"filter": [cable], "should": [ocean], "minimum_should_match": 1}, {"must": [], "filter": []}, {"must": [{"bool": {"should": [cable, ferry]}}], "must_not": ocean}, {"must": [cable], "adjust_pure_negative": True}, {"no_such": []}, {"must": "x"}, {"must": [cable], "boost": 3, "_name": "b"},
    ]:
        yield query("bool", {"bool": body})
    yield query("constant_score", {"constant_score": {"filter": cable, "boost": 3}})
    yield query("constant_score", {"constant_score": {}})
    yield query("dis_max", {"dis_max": {"queries": [cable, ferry], "tie_breaker": 0.5}})
    yield query("dis_max", {"dis_max": {"queries": []}})
    yield query("boosting", {"boosting": {"positive": cable, "negative": ocean, "negative_boost": 0.5}})
    yield query("boosting", {"boosting": {"positive": cable}})
    for function in [{"weight": 2}, {"field_value_factor": {"field": "article_count", "modifier": "ln2p", "missing": 1}}, {"functions": [{"filter": {"exists": {"field": "organization"}}, "weight": 3}], "boost_mode": "replace"},
                     {"gauss": {"article_count": {"origin": 5, "scale": 3}}}, {"functions": [{"weight": 1}, {"linear": {"article_count": {"origin": 1, "scale": 2, "decay": 0.3}}}], "score_mode": "sum", "boost_mode": "replace"}, {"random_score": {"seed": 7, "field": "_seq_no"}}, {"script_score": {"script": {"source": "1"}}}, {"min_score": 1.5, "weight": 1}]:
        yield query("function_score", {"function_score": {"query": {"match_all": {}}, **function}}, "bylines")
    for body in [{"field": "published", "origin": "1912-04-16", "pivot": "365d"}, {"field": "article_count", "origin": 1, "pivot": 1}, {"field": "section", "origin": 1, "pivot": 1}, {"field": "published", "origin": "now", "pivot": "7d", "boost": 3}, {"field": "published", "pivot": "7d"}]:
        index = "articles" if body["field"] != "article_count" else "bylines"
        yield query("distance_feature", {"bool": {"must": {"match_all": {}}, "should": {"distance_feature": body}}}, index)
        yield query("distance_feature", {"distance_feature": body}, index, size=5, sort=["_score"])
    like = {"fields": ["body.exact"], "min_term_freq": 1, "min_doc_freq": 1}
    yield query("more_like_this", {"more_like_this": {**like, "like": "submarine cable telegraph ocean", "minimum_should_match": 2}})
    yield query("more_like_this", {"more_like_this": {**like, "like": {"_id": "a/1866-07-30-cable"}, "max_query_terms": 5, "minimum_should_match": "100%"}})
    yield query("more_like_this", {"more_like_this": {"fields": ["body.exact"]}})
    yield query("named", {"bool": {"should": [{"term": {"body.exact": {"value": "cable", "_name": "c"}}}, {"match": {"body.exact": {"query": "ferry", "_name": "f"}}}, {"range": {"published": {"gte": "1912", "_name": "r"}}}]}})
    yield query("named", {"bool": {"filter": {"terms": {"section": ["Science"], "_name": "s"}}, "must_not": {"term": {"type": {"value": "letter", "_name": "n"}}}}})
    for body in [{"nested": {"path": "bylines", "query": cable}}, {"no_such_query": {}}, {"script_score": {"query": cable, "script": {"source": "1"}}}, {"has_child": {"type": "x", "query": cable}}, {"script": {"script": "true"}}, {"geo_distance": {"distance": "1km", "x": "1,1"}}, {}, {"match": {}}, {"match": {"a": "b", "c": "d"}}, {"match": {"body": {"query": "x", "no_such": 1}}}, {"match": {"body": {"query": "x", "operator": "xor"}}}, {"match": {"body": {"query": "x", "fuzziness": "x"}}}, {"match": "x"}, {"match": {"body": {"query": "x", "minimum_should_match": "x"}}}, {"match_phrase": {"body": {"query": "x", "slop": -1}}}, {"term": "x"}, {"range": {"published": "x"}}, {"bool": []}, {"exists": {}}, {"wildcard": {"body": {}}}, {"query_string": {}}, {"function_score": {"functions": "x"}}, [], "x", {"a": 1, "b": 2}]:
        yield query("refused query", body)


def pages():
    dated = [{"published": "asc"}, {"_id": "asc"}]
    for sort in [dated, [{"published": "desc"}, "_id"], [{"section": "asc"}, {"_id": "desc"}], [{"section": {"order": "desc", "missing": "_first"}}, "_id"], [{"updated": {"order": "asc", "missing": "_last"}}, "_id"], [{"updated": {"order": "desc", "missing": "_first"}}, "_id"], ["_doc"], "published",
                 [{"images.id": {"order": "asc", "mode": "min"}}, "_id"], [{"images.id": {"order": "asc", "mode": "max"}}, "_id"], [{"images.id": "desc"}, "_id"], [{"images.taken": {"order": "asc", "mode": "max"}}, "_id"], [{"images.taken": {"order": "desc", "mode": "min"}}, "_id"], [{"images.taken": "asc"}, "_id"], [{"images.taken": "desc"}, "_id"], [{"images.taken": {"order": "asc", "mode": "avg"}}, "_id"], [{"images.taken": {"order": "asc", "mode": "median"}}, "_id"], [{"images.taken": {"order": "asc", "mode": "sum"}}, "_id"],
                 [{"keywords.value.keyword": {"order": "desc", "mode": "min"}}, "_id"], [{"no_such": "asc"}], [{"no_such": {"unmapped_type": "long"}}, "_id"], [{"body": "asc"}], [{"published": {"order": "sideways"}}], [{"published": {"order": "asc", "format": "yyyy"}}, "_id"], [{"published": {"order": "desc", "missing": "1900-01-01"}}, "_id"], [{"images.id": {"mode": "avg"}}], [{"published": {"order": "asc", "mode": "x"}}], [{"_script": {"type": "number", "script": "1"}}], [{"published": {"nested": {"path": "x"}}}], 7]:
        yield search("sort", {"size": 300, "sort": sort, "_source": False})
        yield search("sort", {"size": 7, "from": 5, "sort": sort, "_source": False})
    for sort in [[{"article_count": "desc"}, "_id"], [{"article_count": {"order": "asc"}}, {"name.keyword": "desc"}], [{"name.keyword": "asc"}], [{"image_count": "asc"}, {"last_published": "desc"}, "_id"], [{"merged": {"order": "asc", "missing": "zzz"}}, "_id"], [{"article_count": {"order": "asc", "missing": 3, "numeric_type": "double"}}, "_id"]]:
        yield search("sort", {"size": 50, "sort": sort, "_source": False}, "bylines")
    for body in [{"size": 0}, {"size": 3, "from": 114, "sort": dated}, {"from": 9990, "size": 20}, {"from": -1}, {"size": -1}, {"size": "x"}, {"size": 20000}, {"from": 0, "size": 10000, "_source": False, "sort": dated}, {"size": 5, "sort": dated, "search_after": [-1829260800000, "a/"]}, {"size": 5, "sort": dated, "search_after": ["1912-04-16", "a/1912-04-16-titanic"]},
                 {"size": 5, "sort": dated, "search_after": [1]}, {"size": 5, "search_after": [1]}, {"size": 5, "sort": dated, "search_after": [0, "x"], "from": 5}, {"size": 5, "sort": [{"section": "asc"}, "_id"], "search_after": ["Local", "a/1"]}, {"size": 5, "sort": [{"updated": "desc"}, "_id"], "search_after": [None, "a/1"]}, {"size": 5, "sort": dated, "search_after": "x"}, {"size": 5, "sort": dated, "search_after": ["no date", "x"]}]:
        yield search("page", body)
    for total in [True, False, 5, 0, 1000000, "true", -1, "x"]:
        yield search("total", {"size": 0, "track_total_hits": total, "query": {"match": {"body.exact": "cable"}}})
    for address in ["?size=2&sort=published:desc,_id&_source=false", "?from=3&size=2&sort=published:asc&_source=headline", "?size=x", "?rest_total_hits_as_int=true&size=0", "?track_total_hits=5&size=0", "?no_such=1", "?_source_includes=head*&sort=published&size=2", "?_source_excludes=body,images&sort=published&size=2", "?filter_path=hits.total&size=1", "?filter_path=hits.hits._id,-took&size=1&sort=published", "?sort=published:sideways", "?version=true&size=1&sort=published", "?seq_no_primary_term=true&size=1&sort=published", "?explain=x", "?pretty&size=0", "?terminate_after=3&size=0", "?search_type=dfs_query_then_fetch&size=0", "?search_type=x", "?preference=_local&size=0", "?ignore_unavailable=true&size=0", "?allow_no_indices=false&size=0", "?expand_wildcards=open&size=0", "?typed_keys=true&size=0", "?request_cache=true&size=0", "?batched_reduce_size=2&size=0", "?timeout=1s&size=0", "?track_scores=true&size=1&sort=published", "?stored_fields=_none_&size=1&sort=published", "?docvalue_fields=section&size=1&sort=published&_source=false"]:
        yield ("parameters", "GET", "/articles/_search" + address, None)
    for index in ["articles,bylines", "art*", "_all", "*", "morgue", "no_such", "articles,no_such", "-articles", "no_such*", "ARTICLES"]:
        yield search("index", {"size": 0, "track_total_hits": True}, index)
        yield ("index", "GET", f"/{index}/_count", None)
    yield ("index", "POST", "/_search", {"size": 0})
    yield ("index", "GET", "/no_such/_search?ignore_unavailable=true", None)
    yield ("index", "GET", "/no_such/_mapping", None)
    for source in [True, False, "headline", ["headline", "bylines.name"], {"includes": ["images.*"], "excludes": ["*.renditions"]}, {"excludes": ["body"]}, "*.id", ["no_such"], {"include": ["headline"]}, 7, "bylines"]:
        yield search("_source", {"size": 3, "sort": dated, "_source": source})
    for fields in [["headline", "published"], ["bylines.*"], [{"field": "published", "format": "yyyy/MM"}], ["*.id"], ["no_such"], [{"field": "published", "format": "epoch_millis"}], ["section", "images.taken"], ["images"], [{"field": "published", "format": "nonsense"}], "headline", ["body.exact"], ["bylines.name.keyword"], [7]]:
        yield search("fields", {"size": 3, "sort": dated, "_source": False, "fields": fields})
    for fields in [["section"], ["published"], [{"field": "published", "format": "yyyy"}], ["bylines.id"], ["body"], ["no_such"], [{"field": "published", "format": "epoch_millis"}], ["images.taken"], ["bylines.name.keyword"], [{"field": "published", "format": "use_field_mapping"}]]:
        yield search("docvalue_fields", {"size": 3, "sort": dated, "_source": False, "docvalue_fields": fields})
    for score in [0, 0.5, 1, 1.5, 1000]:
        yield query("min_score", {"match_all": {}}, min_score=score)
    yield query("post_filter", {"term": {"body.exact": "cable"}}, post_filter={"term": {"section": "Science"}}, aggs={"s": {"terms": {"field": "section"}}})
    for body in [{"field": "section"}, {"field": "type"}, {"field": "body"}, {"field": "no_such"}, {"field": "published"}, {}, {"field": "section", "max_concurrent_group_searches": 2}, {"field": "images.id"}]:
        yield search("collapse", {"size": 50, "collapse": body, "sort": dated, "_source": False})
    for inner in [{"name": "n"}, {"name": "n", "size": 2, "sort": [{"published": "desc"}], "_source": False}, {"name": "n", "size": 2, "from": 1, "sort": [{"published": "desc"}], "_source": ["headline"]}, [{"name": "a", "size": 1, "sort": [{"published": "asc"}], "_source": False}, {"name": "b", "size": 1, "sort": [{"published": "desc"}], "fields": ["published"], "_source": False}], {"name": "n", "size": 1, "sort": ["published"], "_source": False, "highlight": {"fields": {"headline.exact": {}}}}, {"size": 1}, {"name": "n", "size": 1, "sort": ["published"], "_source": False, "version": True, "docvalue_fields": ["section"]}]:
        yield search("inner_hits", {"size": 50, "query": {"term": {"body.exact": "cable"}}, "collapse": {"field": "section", "inner_hits": inner}, "sort": dated, "_source": False})
    second = {"rescore_query": {"term": {"headline.exact": "cable"}}, "query_weight": 0, "rescore_query_weight": 1}
    for body in [{"window_size": 100, "query": second}, [{"window_size": 100, "query": second}, {"window_size": 50, "query": {"rescore_query": {"term": {"section": "Science"}}, "score_mode": "max"}}], {"query": {"rescore_query": {"match_all": {}}, "score_mode": "multiply"}}, {"window_size": 5}, {"window_size": 20000, "query": second}, {"query": {"rescore_query": {"match_all": {}}, "score_mode": "x"}}, []]:
        yield query("rescore", {"term": {"body.exact": "cable"}}, rescore=body)
    yield query("rescore", {"term": {"body.exact": "cable"}}, rescore={"query": second}, sort=dated)


def highlights():
    asked = {"bool": {"should": [{"match": {"body.exact": "cable"}}, {"match": {"headline.exact": "cable"}}, {"match_phrase": {"body.exact": "submarine telegraph"}}]}}
    whole = {"number_of_fragments": 0}
    for body in [
        {"fields": {"headline.exact": {}}}, {"fields": {"body.exact": whole}}, {"fields": {"headline.exact": whole, "body.exact": whole}}, {"fields": {"body.exact": {**whole, "pre_tags": ["["], "post_tags": ["]"]}}}, {"fields": {"headline.exact": {}}, "encoder": "html"}, {"fields": {"headline.exact": {}}, "tags_schema": "styled"},
        {"fields": [{"headline.exact": {}}, {"body.exact": whole}]}, {"fields": {"*": whole}}, {"fields": {"*.exact": whole}, "require_field_match": False}, {"fields": {"headline.exact": {"highlight_query": {"match": {"headline.exact": "atlantic"}}}}}, {"fields": {"headline.exact": {"type": "plain"}}}, {"fields": {"headline.exact": {"type": "unified"}}}, {"fields": {"headline.exact": {"type": "fvh"}}}, {"fields": {"headline.exact": {"type": "nonsense"}}},
        {"fields": {"headline.exact": {"no_match_size": 20}}}, {"fields": {"section": {}}}, {"fields": {"no_such": {}}}, {"fields": {}}, {}, {"fields": {"body.exact": {**whole}}, "order": "score"}, {"fields": {"body.exact": whole}, "boundary_scanner": "sentence", "boundary_max_scan": 10, "boundary_chars": ".,"}, {"fields": {"body.exact": whole}, "boundary_scanner_locale": "en-US"}, {"fields": {"body.exact": {**whole, "fragment_offset": 2}}}, {"fields": {"body.exact": {"number_of_fragments": -1}}}, {"fields": {"body.exact": {"fragment_size": "x"}}}, {"fields": {"body.exact": {"no_such": 1}}}, {"fields": {"body.exact": whole}, "max_analyzer_offset": 100}, {"fields": {"body.exact": {**whole, "matched_fields": ["body.exact"]}}}, {"fields": {"body.exact": {**whole, "phrase_limit": 5}}}, {"fields": {"body.exact": whole}, "force_source": True}, {"fields": {"body.exact": {**whole, "fragmenter": "span"}}}, {"fields": {"body.exact": {"number_of_fragments": 0, "pre_tags": [], "post_tags": []}}}, {"pre_tags": "<b>", "post_tags": "</b>", "fields": {"headline.exact": {}}}, {"fields": {"body.exact": {"number_of_fragments": 2, "fragment_size": 60}}}, {"fields": {"body.exact": {"boundary_scanner": "sentence", "fragment_size": 1000, "number_of_fragments": 1}}}, {"fields": {"body.exact": {"boundary_scanner": "word", "fragment_size": 40}}},
    ]:
        yield search("highlight", {"size": 300, "query": asked, "highlight": body, "_source": False})
    for one in [{"prefix": {"headline.exact": "cab"}}, {"wildcard": {"headline.exact": "*able"}}, {"fuzzy": {"headline.exact": "cabel"}}, {"match_phrase": {"headline.exact": "atlantic cable"}}, {"query_string": {"query": "headline.exact:(atlantic AND cable)"}}, {"regexp": {"headline.exact": "cab.*"}}, {"terms": {"headline.exact": ["cable", "ferry"]}}, {"term": {"section": "Science"}}, {"bool": {"filter": {"term": {"headline.exact": "cable"}}}}, {"bool": {"must_not": {"term": {"headline.exact": "cable"}}}}, {"constant_score": {"filter": {"term": {"headline.exact": "cable"}}}}, {"match_phrase_prefix": {"headline.exact": "atlantic ca"}}]:
        yield search("highlight", {"size": 300, "query": one, "highlight": {"fields": {"headline.exact": whole, "section": {}}}, "_source": False})


def aggregation(kind, body, index="articles", **more):
    return search(kind, {"size": 0, "track_total_hits": True, "aggs": {"a": body}, **more}, index)


def buckets():
    for body in [
        {"field": "section"}, {"field": "section", "size": 3}, {"field": "section", "size": 100, "order": {"_key": "asc"}}, {"field": "section", "size": 100, "order": {"_key": "desc"}}, {"field": "section", "order": {"_count": "asc"}, "size": 100}, {"field": "section", "order": [{"_count": "desc"}, {"_key": "desc"}], "size": 100}, {"field": "section", "min_doc_count": 5}, {"field": "section", "min_doc_count": 0, "size": 100},
        {"field": "section", "include": "S.*"}, {"field": "section", "include": ["Science", "Local"]}, {"field": "section", "exclude": "S.*", "size": 100}, {"field": "section", "exclude": ["Science"], "size": 100}, {"field": "desk", "missing": "none"}, {"field": "keywords.value.keyword", "size": 20}, {"field": "keywords.value.keyword", "size": 500}, {"field": "bylines.name.keyword", "size": 50}, {"field": "published", "size": 5}, {"field": "published", "size": 5, "format": "yyyy"}, {"field": "published", "size": 5, "order": {"_key": "desc"}},
        {"field": "section", "shard_size": 5}, {"field": "section", "show_term_doc_count_error": True}, {"field": "section", "execution_hint": "map"}, {"field": "section", "collect_mode": "breadth_first"}, {"field": "section", "include": {"partition": 0, "num_partitions": 3}, "size": 100}, {"field": "body"}, {"field": "no_such"}, {"field": "no_such", "missing": "x"}, {}, {"field": "section", "size": 0}, {"field": "section", "size": -1}, {"field": "section", "order": {"no": "asc"}}, {"field": "section", "no_such": 1}, {"field": "section", "order": {"_term": "asc"}}, {"field": "language", "value_type": "string"}, {"field": "section", "shard_min_doc_count": 2}, {"script": "1"}, {"field": "section", "size": 65537}, {"field": "_id", "size": 3, "order": {"_key": "asc"}}, {"field": "_index"},
    ]:
        yield aggregation("agg terms", {"terms": body})
    for body in [{"field": "article_count"}, {"field": "article_count", "order": {"_key": "asc"}}, {"field": "image_count", "missing": -1}, {"field": "article_count", "include": [1, 2]}, {"field": "article_count", "exclude": [1]}, {"field": "sections.name", "size": 30}, {"field": "merged"}]:
        yield aggregation("agg terms", {"terms": body}, "bylines")
    nested = {"lo": {"min": {"field": "published"}}, "n": {"value_count": {"field": "images.id"}}, "s": {"stats": {"field": "published"}}, "p": {"percentiles": {"field": "published", "percents": [50, 90]}}}
    for order in [{"lo": "asc"}, {"n": "desc"}, {"s.max": "asc"}, {"lo.value": "desc"}, {"p.50": "asc"}, {"p.90": "desc"}, {"p.77": "desc"}, {"s": "asc"}, [{"n": "desc"}, {"lo": "asc"}]]:
        yield aggregation("agg terms", {"terms": {"field": "section", "size": 100, "order": order}, "aggs": nested})
    yield aggregation("agg terms", {"terms": {"field": "section", "order": {"f>n": "desc"}}, "aggs": {"f": {"filter": {"term": {"body.exact": "cable"}}, "aggs": {"n": {"value_count": {"field": "images.id"}}}}}})
    yield aggregation("agg terms", {"terms": {"field": "section", "order": {"f": "desc"}}, "aggs": {"f": {"filter": {"term": {"body.exact": "cable"}}}}})
    yield aggregation("agg terms", {"terms": {"field": "section"}, "aggs": {"t": {"terms": {"field": "type"}, "aggs": {"d": {"date_histogram": {"field": "published", "calendar_interval": "year", "min_doc_count": 1}}}}}})
    for body in [
        {"calendar_interval": "year"}, {"calendar_interval": "1y", "format": "yyyy"}, {"calendar_interval": "month", "min_doc_count": 1}, {"calendar_interval": "quarter", "min_doc_count": 1}, {"calendar_interval": "week", "min_doc_count": 1}, {"calendar_interval": "day", "min_doc_count": 1}, {"fixed_interval": "365d"}, {"fixed_interval": "30d", "min_doc_count": 1}, {"fixed_interval": "12h", "min_doc_count": 1}, {"calendar_interval": "year", "time_zone": "America/New_York"}, {"calendar_interval": "year", "offset": "+3M"}, {"calendar_interval": "year", "offset": "+90d", "min_doc_count": 1}, {"calendar_interval": "year", "order": {"_count": "desc"}, "min_doc_count": 1}, {"calendar_interval": "year", "order": {"_key": "desc"}}, {"calendar_interval": "year", "keyed": True, "format": "yyyy"}, {"calendar_interval": "year", "extended_bounds": {"min": "1840", "max": "2030"}}, {"calendar_interval": "year", "hard_bounds": {"min": "1900", "max": "1950"}}, {"calendar_interval": "year", "missing": "1800-01-01"}, {"calendar_interval": "2y"}, {"interval": "year"}, {"interval": "365d"}, {}, {"calendar_interval": "fortnight"}, {"fixed_interval": "1M"}, {"calendar_interval": "year", "fixed_interval": "1d"}, {"calendar_interval": "year", "format": "nonsense"}, {"calendar_interval": "year", "time_zone": "Nowhere/City"}, {"fixed_interval": "0d"}, {"calendar_interval": "day", "min_doc_count": 1, "time_zone": "+05:30"}, {"fixed_interval": "90m", "min_doc_count": 1, "time_zone": "Europe/Paris"},
    ]:
        yield aggregation("agg date_histogram", {"date_histogram": {"field": "published", **body}})
    yield aggregation("agg date_histogram", {"date_histogram": {"field": "images.taken", "calendar_interval": "year", "min_doc_count": 1}})
    yield aggregation("agg date_histogram", {"date_histogram": {"field": "section", "calendar_interval": "year"}})
    yield aggregation("agg date_histogram", {"date_histogram": {"field": "no_such", "calendar_interval": "year"}})
    for body in [{"interval": 5}, {"interval": 2.5, "min_doc_count": 1}, {"interval": 5, "offset": 2}, {"interval": 5, "extended_bounds": {"min": -10, "max": 40}}, {"interval": 5, "hard_bounds": {"min": 5, "max": 10}}, {"interval": 5, "keyed": True}, {"interval": 0}, {"interval": -1}, {}, {"interval": 5, "missing": 100}, {"interval": 5, "order": {"_count": "desc"}}]:
        yield aggregation("agg histogram", {"histogram": {"field": "article_count", **body}}, "bylines")
    yield aggregation("agg histogram", {"histogram": {"field": "section", "interval": 5}})
    for count in [1, 3, 10, 50, 300, 0]:
        yield aggregation("agg auto_date_histogram", {"auto_date_histogram": {"field": "published", "buckets": count}})
    yield aggregation("agg auto_date_histogram", {"auto_date_histogram": {"field": "published", "buckets": 10, "format": "yyyy"}})
    yield aggregation("agg auto_date_histogram", {"auto_date_histogram": {"field": "published", "buckets": 10, "minimum_interval": "year"}})
    for ranges_of in [[{"to": 3}, {"from": 3, "to": 10}, {"from": 10}], [{"key": "few", "to": 3}, {"from": 3}], [{"from": 1, "to": 1}], [], [{}], [{"from": "x"}], [{"from": 5, "to": 2}]]:
        yield aggregation("agg range", {"range": {"field": "article_count", "ranges": ranges_of}}, "bylines")
        yield aggregation("agg range", {"range": {"field": "article_count", "keyed": True, "ranges": ranges_of}}, "bylines")
    for body in [{"ranges": [{"to": "1900"}, {"from": "1900", "to": "1950"}, {"from": "1950"}]}, {"ranges": [{"from": "now-10y"}], "keyed": True, "format": "yyyy"}, {"format": "yyyy", "ranges": [{"from": "1900", "to": "2000", "key": "c"}]}, {"ranges": [{"from": "2024-04||/M"}]}, {"ranges": [{"from": "1900"}], "time_zone": "-05:00"}, {"ranges": [{"from": "no"}]}, {"ranges": [{"to": "1900"}], "missing": "1850"}, {"ranges": [{"from": 0}]}]:
        if not any("now" in str(bound) for one in body["ranges"] for bound in one.values()):
            yield aggregation("agg date_range", {"date_range": {"field": "published", **body}})
    for sources in [[{"s": {"terms": {"field": "section"}}}], [{"s": {"terms": {"field": "section", "order": "desc"}}}, {"t": {"terms": {"field": "type"}}}], [{"d": {"date_histogram": {"field": "published", "calendar_interval": "year"}}}], [{"d": {"date_histogram": {"field": "published", "calendar_interval": "year", "format": "yyyy", "order": "desc"}}}, {"k": {"terms": {"field": "keywords.value.keyword"}}}], [{"u": {"terms": {"field": "desk", "missing_bucket": True}}}], [], [{"s": {"terms": {"field": "body"}}}], [{"s": {"terms": {}}}], [{"s": {"terms": {"field": "no_such"}}}], [{"s": {"terms": {"field": "section"}}}, {"s": {"terms": {"field": "type"}}}], [{"d": {"date_histogram": {"field": "published", "fixed_interval": "3650d"}}}]]:
        yield aggregation("agg composite", {"composite": {"size": 7, "sources": sources}})
        yield aggregation("agg composite", {"composite": {"size": 1000, "sources": sources}, "aggs": {"m": {"max": {"field": "published"}}}})
    yield aggregation("agg composite", {"composite": {"size": 5, "sources": [{"s": {"terms": {"field": "section"}}}, {"t": {"terms": {"field": "type"}}}], "after": {"s": "Local", "t": "letter"}}})
    yield aggregation("agg composite", {"composite": {"size": 5, "sources": [{"s": {"terms": {"field": "section"}}}], "after": {"x": "Local"}}})
    yield aggregation("agg composite", {"composite": {"size": 5, "sources": [{"n": {"histogram": {"field": "article_count", "interval": 5}}}]}}, "bylines")
    for terms in [[{"field": "section"}, {"field": "type"}], [{"field": "section"}, {"field": "keywords.value.keyword"}], [{"field": "section"}], [{"field": "section"}, {"field": "desk", "missing": "none"}], [{"field": "section"}, {"field": "no_such"}]]:
        yield aggregation("agg multi_terms", {"multi_terms": {"terms": terms, "size": 20}})
        yield aggregation("agg multi_terms", {"multi_terms": {"terms": terms, "size": 5, "order": {"m": "desc"}}, "aggs": {"m": {"max": {"field": "published"}}}})
    cable = {"term": {"body.exact": "cable"}}
    yield aggregation("agg filter", {"filter": cable, "aggs": {"s": {"terms": {"field": "section"}}}})
    yield aggregation("agg filter", {"filter": {"no_such": {}}})
    yield aggregation("agg filter", {"filter": {}})
    for body in [{"filters": {"c": cable, "f": {"match": {"body.exact": "ferry"}}}}, {"filters": [cable, {"match_all": {}}]}, {"filters": {"c": cable}, "other_bucket": True}, {"filters": {"c": cable}, "other_bucket_key": "rest"}, {"filters": {}}, {"filters": [cable], "other_bucket": True}, {"filters": {"c": cable}, "keyed": False}]:
        yield aggregation("agg filters", {"filters": body, "aggs": {"m": {"min": {"field": "published"}}}})
    yield aggregation("agg global", {"global": {}, "aggs": {"n": {"value_count": {"field": "section"}}}}, query=cable)
    yield aggregation("agg global", {"filter": cable, "aggs": {"g": {"global": {}}}})
    for field in ["updated", "desk", "section", "no_such", "images.id"]:
        yield aggregation("agg missing", {"missing": {"field": field}})
    yield aggregation("agg sampler", {"sampler": {"shard_size": 1000}, "aggs": {"s": {"terms": {"field": "section"}}}}, query=cable)
    yield aggregation("agg sampler", {"sampler": {}, "aggs": {"s": {"value_count": {"field": "section"}}}})
    for kind in ["significant_terms", "rare_terms", "nested", "geotile_grid", "scripted_metric", "no_such", "adjacency_matrix", "diversified_sampler", "matrix_stats", "weighted_avg", "median_absolute_deviation", "ip_range", "variable_width_histogram", "significant_text", "reverse_nested", "geo_bounds"]:
        yield aggregation("agg refused", {kind: {"field": "section"}})
    for body in [{}, {"terms": {"field": "section"}, "range": {}}, {"terms": "x"}, "x", {"terms": {"field": "section"}, "aggs": {}}, {"min": {"field": "published"}, "aggs": {"x": {"max": {"field": "published"}}}}, {"terms": {"field": "section"}, "meta": {"a": 1}}]:
        yield aggregation("agg refused", body)
    yield search("agg refused", {"size": 0, "aggs": {"a[b]": {"max": {"field": "published"}}}})
    yield search("agg refused", {"size": 0, "aggs": {"a>b": {"max": {"field": "published"}}}})
    yield ("typed keys", "POST", "/articles/_search?typed_keys=true", {"size": 0, "aggs": {"t": {"terms": {"field": "section"}, "aggs": {"m": {"max": {"field": "published"}}, "c": {"cardinality": {"field": "type"}}}}, "d": {"date_histogram": {"field": "published", "calendar_interval": "year"}}, "p": {"percentiles": {"field": "published"}}, "f": {"filters": {"filters": {"c": cable}}}, "u": {"terms": {"field": "no_such"}}}})


def numbers():
    for kind in ["min", "max", "avg", "sum", "value_count", "stats", "extended_stats", "cardinality"]:
        for field in ["article_count", "last_published", "name.keyword", "no_such", "bio", "sections.name"]:
            yield aggregation("agg " + kind, {kind: {"field": field}}, "bylines")
        yield aggregation("agg " + kind, {kind: {"field": "article_count", "missing": 7}}, "bylines")
        yield aggregation("agg " + kind, {kind: {"field": "first_published", "format": "yyyy"}}, "bylines")
        yield aggregation("agg " + kind, {kind: {"field": "article_count"}}, "bylines", query={"match_none": {}})
        yield aggregation("agg " + kind, {kind: {}}, "bylines")
        yield aggregation("agg " + kind, {kind: {"script": "1"}}, "bylines")
    yield aggregation("agg extended_stats", {"extended_stats": {"field": "article_count", "sigma": 3}}, "bylines")
    yield aggregation("agg cardinality", {"cardinality": {"field": "keywords.value.keyword", "precision_threshold": 100}})
    for body in [{"field": "article_count"}, {"field": "article_count", "percents": [0, 50, 100]}, {"field": "article_count", "keyed": False}, {"field": "article_count", "tdigest": {"compression": 200}}, {"field": "article_count", "hdr": {"number_of_significant_value_digits": 3}}, {"field": "last_published"}, {"field": "name.keyword"}, {"field": "article_count", "percents": [101]}, {"field": "article_count", "percents": []}, {"field": "article_count", "missing": 0}, {"field": "no_such"}, {"field": "last_published", "format": "yyyy"}]:
        yield aggregation("agg percentiles", {"percentiles": body}, "bylines")
    for body in [{"field": "article_count", "values": [1, 5, 100]}, {"field": "article_count", "values": [2], "keyed": False}, {"field": "article_count"}, {"field": "article_count", "values": []}, {"field": "last_published", "values": [0]}]:
        yield aggregation("agg percentile_ranks", {"percentile_ranks": body}, "bylines")
    top = {"size": 2, "sort": [{"published": "desc"}, "_id"], "_source": ["headline"]}
    for more in [{}, {"from": 1}, {"size": 0}, {"_source": False}, {"size": 101}, {"highlight": {"fields": {"body.exact": {"number_of_fragments": 0}}}, "_source": False}, {"fields": ["published", "section"], "_source": False}, {"docvalue_fields": ["section"], "_source": False}, {"version": True}, {"seq_no_primary_term": True}, {"track_scores": True}, {"explain": False}, {"script_fields": {}}, {"stored_fields": ["_none_"]}, {"no_such": 1}, {"sort": "published"}]:
        yield aggregation("agg top_hits", {"terms": {"field": "section", "size": 3}, "aggs": {"t": {"top_hits": {**top, **more}}}}, query={"term": {"body.exact": "cable"}})
    years = {"date_histogram": {"field": "published", "calendar_interval": "year"}}
    inner = {"n": {"value_count": {"field": "images.id"}}}
    for pipe in [
        {"derivative": {"buckets_path": "n"}}, {"derivative": {"buckets_path": "_count"}}, {"derivative": {"buckets_path": "n", "unit": "day"}}, {"derivative": {"buckets_path": "n", "gap_policy": "insert_zeros", "format": "0.00"}}, {"cumulative_sum": {"buckets_path": "n"}}, {"cumulative_sum": {"buckets_path": "_count"}}, {"serial_diff": {"buckets_path": "n", "lag": 3}}, {"serial_diff": {"buckets_path": "_count"}},
        {"moving_fn": {"buckets_path": "n", "window": 3, "script": "MovingFunctions.unweightedAvg(values)"}}, {"moving_fn": {"buckets_path": "n", "window": 3, "shift": 1, "script": "MovingFunctions.max(values)"}}, {"moving_fn": {"buckets_path": "n", "window": 3, "script": "MovingFunctions.sum(values)"}}, {"moving_avg": {"buckets_path": "n"}},
        {"bucket_script": {"buckets_path": {"n": "n", "c": "_count"}, "script": "params.n / params.c"}}, {"bucket_script": {"buckets_path": {"c": "_count"}, "script": "params.c * 2 + 1"}}, {"bucket_script": {"buckets_path": {"c": "_count"}, "script": {"source": "params.c * params.k", "params": {"k": 3}}}}, {"bucket_selector": {"buckets_path": {"c": "_count"}, "script": "params.c > 1"}}, {"bucket_selector": {"buckets_path": {"c": "_count", "n": "n"}, "script": "params.c > 1 && params.n < 5"}}, {"bucket_sort": {"sort": [{"_count": {"order": "desc"}}, {"n": "desc"}], "size": 5}}, {"bucket_sort": {"from": 3, "size": 4}}, {"bucket_sort": {"sort": "n", "size": 200}}, {"derivative": {"buckets_path": "no_such"}}, {"derivative": {}}, {"bucket_script": {"buckets_path": {"c": "_count"}, "script": "while (true) {}"}}, {"percentiles_bucket": {"buckets_path": "n"}}, {"cumulative_cardinality": {"buckets_path": "n"}}, {"normalize": {"buckets_path": "n", "method": "mean"}},
    ]:
        yield aggregation("agg pipeline", {**years, "aggs": {**inner, "p": pipe}})
    for kind in ["avg_bucket", "sum_bucket", "max_bucket", "min_bucket", "stats_bucket", "extended_stats_bucket", "percentiles_bucket"]:
        for path in ["a>_count", "a>n", "a", "no>x", "a>x"]:
            body = {"size": 0, "aggs": {"a": {"terms": {"field": "section", "size": 50}, "aggs": inner}, "p": {kind: {"buckets_path": path}}}}
            yield search("agg *_bucket", body)
        yield search("agg *_bucket", {"size": 0, "aggs": {"a": {"terms": {"field": "section", "size": 50}, "aggs": inner}, "p": {kind: {"buckets_path": "a>n", "gap_policy": "insert_zeros"}}}})


def others():
    for body in [{"analyzer": "morgue_exact", "text": "The Réti King's Errands, 1926!"}, {"field": "body.exact", "text": ["One two", "three"]}, {"field": "body", "text": "running ferries harbours"}, {"analyzer": "standard", "text": "C. Q. D. and o'clock"}, {"field": "section", "text": "Front Page"}, {"analyzer": "no_such", "text": "x"}, {"field": "no_such", "text": "Some Text"}, {"text": "Some Text"}, {"analyzer": "morgue_exact"}, {"analyzer": "keyword", "text": "A b"}, {"analyzer": "whitespace", "text": "A, b"}, {"analyzer": "morgue_exact", "text": ""}, {"analyzer": "morgue_exact", "text": "1851-03-01 3.14 a_b x@y.org 夢の 東京タワー คน"}, {"analyzer": "morgue_text", "text": "Stemming of the printers' presses"}, {"tokenizer": "standard", "filter": ["lowercase"], "text": "Some Text"}, {"analyzer": "simple", "text": "A1 b2"}, {"analyzer": "english", "text": "running ferries"}, {"analyzer": "morgue_exact", "text": "x", "no_such": 1}, {"field": "published", "text": "1912"}]:
        yield ("_analyze", "POST", "/articles/_analyze", body)
    yield ("_analyze", "POST", "/articles/_analyze", {"analyzer": "morgue_exact", "text": "Two Words", "explain": True})
    for body in [{"query": {"match": {"body.exact": "cable"}}}, {}, None, {"query": {"no_such": {}}}, {"size": 1}, {"query": {"term": {"no_such": 1}}}]:
        yield ("_count", "POST", "/articles/_count", body)
        yield ("_validate/query", "POST", "/articles/_validate/query", body)
    for body in [{"ids": ["a/1912-04-16-titanic", "no"]}, {"docs": [{"_id": "a/1912-04-16-titanic", "_source": ["headline"]}, {"_id": "no"}]}, {"docs": [{"_index": "bylines", "_id": "b/eleanor-quill", "_source": False}, {"_index": "no_such", "_id": "x"}]}, {}, {"ids": []}, {"docs": [{}]}, {"docs": [{"_id": "a/1912-04-16-titanic", "_source": {"excludes": ["body"]}}]}]:
        yield ("_mget", "POST", "/articles/_mget", body)
    document = "a%2F1912-04-16-titanic"
    for address in ["/articles/_doc/" + document, "/articles/_doc/no", "/articles/_source/" + document, "/articles/_source/no", f"/articles/_doc/{document}?_source=headline", f"/articles/_doc/{document}?_source_excludes=body", f"/articles/_source/{document}?_source_includes=head*", "/no_such/_doc/x", f"/articles/_doc/{document}?_source=false", f"/articles/_doc/{document}?no_such=1", f"/articles/_doc/{document}?realtime=false&preference=x&routing=x", f"/articles/_doc/{document}?stored_fields=headline", f"/articles/_doc/{document}?version=99999"]:
        yield ("document", "GET", address, None)
    cable = {"query": {"match": {"body.exact": "cable"}}, "size": 100}
    for lines in [[{"index": "articles"}, cable, {"index": "bylines"}, {"size": 0}], [{}, cable], [{"index": "no_such"}, cable], [{"index": "articles"}, {"query": {"no_such": {}}}, {"index": "articles"}, cable], [{"index": "articles", "ignore_unavailable": True}, cable], [{"index": ["articles", "images"]}, {"size": 0}], [{"index": "articles", "search_type": "query_then_fetch", "preference": "x"}, cable], [{"index": "articles"}], [{"no_such": 1}, cable]]:
        yield ("_msearch", "POST", "/articles/_msearch", lines)
        yield ("_msearch", "POST", "/_msearch", lines)
    for body in [{"field": "section", "string": "S"}, {"field": "section"}, {"field": "section", "string": "s", "case_insensitive": True}]:
        yield ("_terms_enum", "POST", "/articles/_terms_enum", body)
    for identity in [document, "no", "a%2F1866-07-30-cable"]:
        yield ("_explain", "POST", f"/articles/_explain/{identity}", {"query": {"match": {"body.exact": "cable"}}})
    yield ("_explain", "POST", f"/articles/_explain/{document}", {"query": {"no_such": {}}})
    for body in [
        {"s": {"text": "cabel", "term": {"field": "body.exact"}}}, {"s": {"text": "cabel oceen", "term": {"field": "body.exact", "size": 2}}}, {"s": {"text": "cable", "term": {"field": "body.exact", "suggest_mode": "always", "size": 3}}}, {"s": {"text": "cabel", "term": {"field": "body.exact", "sort": "frequency", "max_edits": 1}}}, {"s": {"text": "cabel", "term": {"field": "body.exact", "prefix_length": 0, "min_word_length": 3}}}, {"text": "oceen", "s": {"term": {"field": "body.exact"}}}, {"s": {"text": "atlantci cabel", "phrase": {"field": "body.exact"}}}, {"s": {"text": "x", "term": {}}}, {"s": {"text": "x", "term": {"field": "no_such"}}}, {"s": {"text": "x", "no_such": {"field": "body"}}}, {"s": {"prefix": "fer", "completion": {"field": "headline"}}}, {"s": {"prefix": "fer", "completion": {"field": "no_such"}}}, {"s": {"text": "x", "term": {"field": "body.exact", "max_edits": 5}}},
    ]:
        yield search("suggest", {"size": 0, "suggest": body})
    for body in [{"source": {"query": {"match": {"{{f}}": "{{w}}"}}, "size": "{{n}}"}, "params": {"f": "body.exact", "w": "cable", "n": 50}}, {"source": "{\"query\":{\"terms\":{\"section\":{{#toJson}}s{{/toJson}}}},\"size\":100}", "params": {"s": ["Science", "Local"]}}, {"source": "{\"size\":{{^n}}0{{/n}}{{#n}}{{n}}{{/n}}}", "params": {}}, {"source": "{{#x}"}, {"id": "no_such"}]:
        yield ("_search/template", "POST", "/articles/_search/template", body)
        yield ("_render/template", "POST", "/_render/template", body)
    for address in ["/articles/_field_caps?fields=headline,published", "/articles/_field_caps?fields=no_such", "/articles/_field_caps?fields=bylines.*", "/articles/_mapping", "/bylines/_mapping", "/images/_mapping", "/articles/_alias", "/_alias/morgue", "/_alias/no_such", "/_resolve/index/articles", "/no_such/_search", "/articles/_no_such", "/articles/_settings?flat_settings=true", "/articles/_search/x"]:
        yield ("description", "GET", address, None)
    for body in ["{", "", "[]", "null", "{\"query\":}", "{\"size\":1}x", "{\"size\":1,\"size\":2}", "not json", "{\"query\":{\"match\":{\"body\":\"x\"}}", "\"x\""]:
        yield ("broken body", "POST", "/articles/_search", body)
        yield ("broken body", "POST", "/articles/_count", body)
    for body in [{"no_such": 1}, {"query": {"match_all": {}}, "facets": {}}, {"size": None}, {"timeout": "x"}, {"timeout": "1s"}, {"explain": "x"}, {"stored_fields": ["headline"], "size": 1}, {"script_fields": {"x": {"script": "1"}}}, {"runtime_mappings": {"x": {"type": "keyword"}}}, {"indices_boost": [{"articles": 2}], "size": 0}, {"profile": True, "size": 0}, {"slice": {"id": 0, "max": 2}}, {"stats": ["g"], "size": 0}, {"version": True, "size": 0}, {"terminate_after": 2, "size": 0}, {"ext": {}, "size": 0}, {"pit": {"id": "x"}}, {"track_scores": True, "sort": "published", "size": 1}, {"knn": {}}, {"derived": {}, "size": 0}]:
        yield search("body", body)
    for verb, address in [("DELETE", "/articles/_search"), ("PUT", "/articles/_search"), ("POST", "/articles/_mapping"), ("GET", "/articles/_bulk"), ("POST", "/articles/_doc/x/y/z")]:
        yield ("refused method", verb, address, None)


def everything():
    for part in [full_text, words_and_values, ranges, strings, compound, pages, highlights, buckets, numbers, others]:
        yield from part()
