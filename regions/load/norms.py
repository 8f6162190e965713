"""The norms and forms of follow-up, as the family doctors keep them."""

import json

from core import clock
from regions.load.bulk import Bulk
from regions.pack import RegionPack


def load_norms(bulk: Bulk, pack: RegionPack) -> None:
    """The version of the norms that the pack holds, and its forms."""
    norms = pack.norms
    bulk.copy(
        "family_doctor_norm_version",
        ("version", "document", "estimate", "provenance", "reminding", "loaded_at"),
        [(norms.version, norms.document, norms.estimate, norms.provenance,
          norms.reminding.model_dump_json(), clock.now())],
    )  # fmt: skip
    bulk.copy(
        "family_doctor_norm",
        ("version", "code", "group_code", "item_code", "document"),
        (
            (norms.version, norm.code, norm.group, norm.item, norm.model_dump_json())
            for norm in norms.norms
        ),
    )
    bulk.copy(
        "family_doctor_form",
        ("code", "version", "document"),
        (
            (form.code, form.version, json.dumps(form.model_dump(mode="json")))
            for form in pack.forms.forms
        ),
    )
