"""django-haystack: its documents have fields of its own (`django_ct`, `text`). By a mapping of the index's name they are written; without
one they are refused in one sentence before anything is written."""

import sys

import django
from django.conf import settings

ENGINE = "haystack.backends.elasticsearch7_backend.Elasticsearch7SearchEngine"


def connection(index):
    return {"ENGINE": ENGINE, "URL": sys.argv[1], "INDEX_NAME": index, "SILENTLY_FAIL": False}


settings.configure(
    INSTALLED_APPS=["haystack"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    HAYSTACK_CONNECTIONS={"default": connection("articles"), "mapped": connection("newsroom")},
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
    headline = indexes.CharField(model_attr="headline")

    def get_model(self):
        return Story


def backend(name):
    unified = connections[name].get_unified_index()
    unified.build(indexes=[StoryIndex()])
    return connections[name].get_backend(), unified.get_index(Story)


story = Story(pk=1, headline="Zeppelin over the harbour")
refusing, index = backend("default")
count = refusing.conn.count
before = count(index="articles")["count"]
try:
    refusing.update(index, [story])
except TransportError as error:
    reason = error.info["error"]["reason"]
else:
    raise AssertionError("its documents are taken")
assert "django_ct" in reason or "text" in reason or "headline" in reason, reason
assert count(index="articles")["count"] == before

mapped, index = backend("mapped")
mapped.update(index, [story, Story(pk=2, headline="Zeppelin again")])
assert count(index="articles")["count"] == before + 2
shown = mapped.conn.get(index="articles", id="newsroom/newsroom.story.1")["_source"]
assert shown["headline"] == "Zeppelin over the harbour" and shown["extra"]["django_ct"] == "newsroom.story", shown
mapped.remove("newsroom.story.2", commit=True)
assert count(index="articles")["count"] == before + 1
mapped.remove("newsroom.story.1", commit=True)
print(f"writes by a mapping; refused without one ({reason})")
