"""Our own files are sent packed: on a slow line every page waits for its style sheets.

Only files: an answer with something secret beside what the asker wrote must not be packed, or its
length tells of the secret (BREACH).
"""

import gzip

from flask import Flask, Response, request

from core.memory import Memory

# Below this a packet holds the file as it is.
SMALLEST_BYTES = 1024
KINDS = {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}
_packed: Memory[tuple[str, str], bytes] = Memory(64)


def install(app: Flask) -> None:
    """The first answer of a process packs the file; the others have it from memory."""

    @app.after_request
    def pack(response: Response) -> Response:
        etag, _ = response.get_etag()
        if request.endpoint != "static" or response.mimetype not in KINDS or etag is None:
            return response
        response.vary.add("Accept-Encoding")
        if (
            request.method == "GET"
            and response.status_code == 200
            and (response.content_length or 0) >= SMALLEST_BYTES
            and request.accept_encodings["gzip"]
        ):
            response.direct_passthrough = False
            plain = response.get_data()
            key = (request.path, etag)
            response.set_data(_packed.get(key, lambda: gzip.compress(plain, mtime=0)))
            response.content_encoding = "gzip"
            # The same file in other bytes: still known when it is asked for again.
            response.set_etag(etag, weak=True)
            response.headers.pop("Accept-Ranges", None)
        return response
