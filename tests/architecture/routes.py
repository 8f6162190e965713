"""The list of routes with who may call them, as reviewed."""

from pathlib import Path

from flask import Flask

from core.web.access import rule_of


def table(app: Flask) -> list[str]:
    """One line a route: methods, path, audience."""
    lines = []
    for rule in app.url_map.iter_rules():
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        lines.append(f"{methods} {rule.rule} : {rule_of(app, rule.endpoint)}")
    return sorted(lines)


if __name__ == "__main__":
    from tests.architecture.application import application

    text = "\n".join(table(application())) + "\n"
    Path(__file__).with_name("routes.txt").write_text(text, encoding="utf-8")
