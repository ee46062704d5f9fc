"""django-haystack: its documents have fields of its own (`django_ct`, `text`), which are refused in one sentence before anything is written."""

import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["haystack"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    HAYSTACK_CONNECTIONS={
        "default": {
            "ENGINE": "haystack.backends.elasticsearch7_backend.Elasticsearch7SearchEngine",
            "URL": sys.argv[1],
            "INDEX_NAME": "articles",
            "SILENTLY_FAIL": False,
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.db import models
from elasticsearch import TransportError
from haystack import connections, indexes


class Story(models.Model):
    headline = models.TextField()

    class Meta:
        app_label = "newsroom"


class StoryIndex(indexes.SearchIndex, indexes.Indexable):
    text = indexes.CharField(document=True, model_attr="headline")

    def get_model(self):
        return Story


unified = connections["default"].get_unified_index()
unified.build(indexes=[StoryIndex()])
backend = connections["default"].get_backend()
before = backend.conn.count(index="articles")["count"]
try:
    backend.update(unified.get_index(Story), [Story(pk=1, headline="Zeppelin over the harbour")])
except TransportError as error:
    reason = error.info["error"]["reason"]
else:
    raise AssertionError("its documents are taken")
assert "django_ct" in reason or "text" in reason, reason
assert backend.conn.count(index="articles")["count"] == before
print(f"refused: fields of its own ({reason})")
