"""What the application remembers is what Flask would have said."""

from uuid import UUID

import pytest
from apiflask import APIFlask
from flask import render_template_string, url_for
from werkzeug.routing import BuildError

TEAM = UUID(int=7)


def test_equal_values_of_different_types_are_different_addresses(app: APIFlask) -> None:
    with app.test_request_context("/packs/"):
        assert url_for("service_packs.catalogue", page=1) == "/packs/?page=1"
        assert url_for("service_packs.catalogue", page=True) == "/packs/?page=True"
        assert url_for("service_packs.catalogue", page="1") == "/packs/?page=1"


def test_lists_anchors_relative_and_external_addresses(app: APIFlask) -> None:
    with app.test_request_context("/packs/", base_url="http://city.example"):
        app.preprocess_request()
        assert url_for(".catalogue") == "/packs/"
        assert url_for("family_doctor.team", team_id=TEAM, _anchor="top").endswith(f"{TEAM}#top")
        assert url_for("service_packs.catalogue", page=[1, 2]) == "/packs/?page=1&page=2"
        external = url_for("service_packs.catalogue", _external=True)
        assert external == "http://city.example/packs/"
        with pytest.raises(BuildError):
            url_for("no.such.view")


def test_addresses_keep_to_where_the_portal_is_mounted(app: APIFlask) -> None:
    for mount in ("/one", "/two"):
        with app.test_request_context("/packs/", base_url=f"http://city.example{mount}"):
            assert url_for("service_packs.catalogue") == f"{mount}/packs/"


@pytest.mark.parametrize(("language", "word"), [("zh", "首页"), ("en", "Home")])
def test_a_kept_part_is_drawn_once_a_language(app: APIFlask, language: str, word: str) -> None:
    page = '{% macro entry(name) %}{{ _("首页") }} {{ name }}{% endmacro %}{{ kept(entry, "<a>") }}'
    with app.test_request_context(f"/?lang={language}"):
        assert render_template_string(page) == f"{word} &lt;a&gt;"


def test_sentences_escape_what_is_put_into_them(app: APIFlask) -> None:
    page = '{{ _("您好，%(name)s", name="<script>") }}'
    with app.test_request_context("/?lang=zh"):
        assert render_template_string(page) == "您好，&lt;script&gt;"
