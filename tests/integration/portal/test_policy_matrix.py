"""The documentation of roles is what the policies say."""

from apiflask import APIFlask

from portal.factory import ROOT


def test_the_documented_matrix_is_up_to_date(app: APIFlask) -> None:
    printed = app.test_cli_runner().invoke(args=["policy", "matrix"])
    assert printed.exit_code == 0, printed.output
    documented = (ROOT / "docs/security/roles.md").read_text(encoding="utf-8")
    assert printed.output == documented, "run: flask --app wsgi policy matrix"
