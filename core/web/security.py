"""Response headers and request limits that hold for every answer."""

from flask import Flask, Response, request

MAX_BODY_BYTES = 1024 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action {form_action}; frame-ancestors 'none'"
)


# Two years, the least that browsers' preload lists take is one.
HSTS = "max-age=63072000; includeSubDomains"


def cookie_name(name: str, *, secure: bool) -> str:
    """The name of a cookie of ours; over https browsers then hold it to this very host, and to
    https (RFC 6265bis, 4.1.3.2).
    """
    return f"__Host-{name}" if secure else name


def install(app: Flask, *, https: bool) -> None:
    """A view may set its own Content-Security-Policy (a redirect to a registered application)."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    always = [
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(form_action="'self'")),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", "geolocation=(), camera=(), microphone=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if https:
        always.append(("Strict-Transport-Security", HSTS))
    private = ("Cache-Control", "no-store")

    @app.after_request
    def protect(response: Response) -> Response:
        # Looked through once: to set each by itself is to look for it in all of them.
        said = {name.lower() for name, _ in response.headers}
        due = always if request.endpoint == "static" else [*always, private]
        response.headers.extend(header for header in due if header[0].lower() not in said)
        return response
