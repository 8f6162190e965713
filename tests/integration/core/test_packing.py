"""Our own files arrive packed where the browser can unpack them, and are known when asked again."""

import gzip

from flask.testing import FlaskClient

STYLES = "/static/css/ui.css"
PACKED = {"Accept-Encoding": "gzip"}


def test_a_style_sheet_is_packed_for_who_can_unpack_it(client: FlaskClient) -> None:
    plain = client.get(STYLES, buffered=True)
    packed = client.get(STYLES, headers=PACKED, buffered=True)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    assert gzip.decompress(packed.data) == plain.data
    assert client.get(STYLES, headers=PACKED, buffered=True).data == packed.data
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.vary


def test_a_packed_file_is_known_when_asked_for_again(client: FlaskClient) -> None:
    etag = client.get(STYLES, headers=PACKED, buffered=True).headers["ETag"]
    again = client.get(STYLES, headers=PACKED | {"If-None-Match": etag}, buffered=True)
    assert (again.status_code, again.data) == (304, b"")


def test_pages_and_parts_of_files_stay_as_they_are(client: FlaskClient) -> None:
    page = client.get("/auth/sign-in", headers=PACKED)
    part = client.get(STYLES, headers=PACKED | {"Range": "bytes=0-99"}, buffered=True)
    assert (part.status_code, len(part.data)) == (206, 100)
    for answer in (page, part):
        assert "Content-Encoding" not in answer.headers
