"""The API described: OpenAPI 3.1 and a page to read it on, from our own origin only."""

import re
from functools import cache
from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, json, render_template, url_for
from flask.typing import ResponseReturnValue

from core.idempotency import LONGEST_KEY
from core.web.access import ANYONE, open_to
from core.web.api import Problem
from core.web.writes import HEADER

REFERENCE = "#/components/schemas/"
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "Makes a retry safe: the same key and body get the stored answer,"
    " the same key with another body is refused with 409.",
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
}
pages = Blueprint("api_docs", __name__, url_prefix="/api")


@pages.get("/openapi.json")
@open_to(ANYONE)
def openapi() -> ResponseReturnValue:
    """The description for machines."""
    return Response(_document(), mimetype="application/json")


@pages.get("/docs")
@open_to(ANYONE)
def docs() -> ResponseReturnValue:
    """The description for people."""
    return render_template("shell/api_docs.html", openapi_url=url_for("api_docs.openapi"))


@cache
def _document() -> str:
    app = cast(APIFlask, current_app._get_current_object())  # type: ignore[attr-defined]
    return json.dumps(describe(app))


def describe(app: APIFlask) -> dict[str, Any]:
    """The OpenAPI document of the app: valid component names, every refusal a Problem."""
    document = cast(dict[str, Any], json.loads(json.dumps(app.spec)))
    schemas = document["components"]["schemas"]
    names = {name: _component_name(name) for name in schemas}
    text = json.dumps(document)
    for name, valid in names.items():
        text = text.replace(f'"{REFERENCE}{name}"', f'"{REFERENCE}{valid}"')
    document = cast(dict[str, Any], json.loads(text))
    schemas = document["components"]["schemas"]
    document["components"]["schemas"] = {names[name]: schemas[name] for name in schemas}
    document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    _describe_ids(app, document)
    for method, operation in _operations(document):
        _describe_refusals(operation)
        if method == "post" and "201" in operation["responses"]:
            operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    return document


def _operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    paths = document["paths"].values()
    return [
        (method, operation)
        for path in paths
        for method, operation in path.items()
        if isinstance(operation, dict) and "responses" in operation
    ]


def _describe_ids(app: APIFlask, document: dict[str, Any]) -> None:
    """Of a ``<uuid:…>`` in a route the framework only says that it is a string."""
    for rule in app.url_map.iter_rules():
        ids = re.findall(r"<uuid:(\w+)>", rule.rule)
        path = re.sub(r"<(?:[^<:]+:)?(\w+)>", r"{\1}", rule.rule)
        for operation in document["paths"].get(path, {}).values() if ids else ():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in ids:
                    parameter["schema"] = {"type": "string", "format": "uuid"}


def _describe_refusals(operation: dict[str, Any]) -> None:
    refusal = {
        "description": "Refused: problem details (RFC 9457) with a stable code",
        "content": {"application/problem+json": {"schema": {"$ref": f"{REFERENCE}Problem"}}},
    }
    kept = {code: value for code, value in operation["responses"].items() if code < "400"}
    operation["responses"] = {**kept, "4XX": refusal, "503": refusal}


def _component_name(name: str) -> str:
    """A name that OpenAPI allows: Page[TeamView] becomes Page.TeamView."""
    return re.sub(r"[^A-Za-z0-9._-]+", ".", name).strip(".")
