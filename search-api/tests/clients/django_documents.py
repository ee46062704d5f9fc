"""django-elasticsearch-dsl: a model whose documents have our fields is created, filled, searched and followed; one with others is refused."""

import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django_elasticsearch_dsl"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ELASTICSEARCH_DSL={"default": {"hosts": sys.argv[1], "request_timeout": 30}},
    ELASTICSEARCH_DSL_AUTO_REFRESH=True,
    ELASTICSEARCH_DSL_AUTOSYNC=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.core.management import call_command
from django.db import connection, models
from django_elasticsearch_dsl import Document, fields
from django_elasticsearch_dsl.registries import registry
from elasticsearch import ApiError


class Story(models.Model):
    headline, section, body, published = models.TextField(), models.TextField(), models.TextField(), models.DateField()

    class Meta:
        app_label = "newsroom"


@registry.register_document
class StoryDocument(Document):
    section = fields.KeywordField()

    class Index:
        name = "articles"

    class Django:
        model, fields = Story, ["headline", "body", "published"]

    def generate_id(self, story):
        return f"django/{story.pk}"


class Advertisement(models.Model):
    price = models.IntegerField()

    class Meta:
        app_label = "newsroom"


with connection.schema_editor() as editor:
    editor.create_model(Story)
call_command("search_index", "--create", verbosity=0)
Story.objects.bulk_create(
    Story(headline=f"Zeppelin {number} over the harbour", section="Django", body="It came at dawn.", published="1931-05-02") for number in range(3)
)
call_command("search_index", "--populate", verbosity=0)
found = StoryDocument.search().query("match", headline="zeppelin").filter("term", section="Django")
assert found.count() == 3 and {story.published.year for story in found[0:3].execute()} == {1931}
story = Story.objects.get(pk=1)
story.headline = "An airship over the harbour"
story.save()
airships = StoryDocument.search().query("match", headline="airship").filter("term", section="Django")
assert airships.count() == 1 and found.count() == 2
story.delete()
assert airships.count() == 0


@registry.register_document
class AdvertisementDocument(Document):
    class Index:
        name = "articles"

    class Django:
        model, fields = Advertisement, ["price"]


def refused(does):
    try:
        does()
    except ApiError as error:
        return error.body["error"]["reason"]
    raise AssertionError("it is taken")


mapping = refused(AdvertisementDocument.init)
assert "price" in mapping, mapping
index = refused(lambda: call_command("search_index", "--delete", "-f", verbosity=0))
print(f"reads; writes; refused: a mapping with other fields, the removal of an index ({index})")
