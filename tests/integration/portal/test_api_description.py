"""What the API says of itself beyond what the framework would."""

from flask.testing import FlaskClient


def test_ids_in_paths_are_uuids(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").json
    assert document
    formats = {
        (path, parameter["name"]): parameter["schema"].get("format")
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    }
    assert formats["/api/v1/appointments/bookings/{booking_id}", "booking_id"] == "uuid"
    assert formats["/api/v1/service-packs/packs/{code}", "code"] is None
    assert {name for (_, name), each in formats.items() if each != "uuid"} == {
        "action",
        "client_id",
        "code",
        "day",
        "group_code",
        "kind",
        "link",
        "lock_id",
        "step",
    }
