"""The floor of a page: the smallest Flask application, under the same gunicorn."""

from flask import Flask

app = Flask("hello")


@app.get("/")
@app.get("/healthz")
def hello() -> str:
    """A greeting."""
    return "hello"
