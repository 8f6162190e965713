"""The norms and forms of follow-up and the rule of renewing, as the family doctors keep them."""

import json

from core import clock
from regions.load.bulk import Bulk
from regions.pack import RegionPack

_VERSIONS = "SELECT version FROM family_doctor_norm_version"
_RULES = "SELECT version FROM family_doctor_prescription_rule"
_FORMS = "SELECT code, version FROM family_doctor_form"


def load_norms(bulk: Bulk, pack: RegionPack) -> None:
    """The version of the norms that the pack holds, and its forms; those that are there stay."""
    norms = pack.norms
    if (norms.version,) not in bulk.rows(_VERSIONS):
        bulk.copy(
            "family_doctor_norm_version",
            ("version", "document", "estimate", "provenance", "reminding", "screening",
             "loaded_at"),
            [(norms.version, norms.document, norms.estimate, norms.provenance,
              norms.reminding.model_dump_json(),
              json.dumps([each.model_dump(mode="json") for each in norms.screening]),
              clock.now())],
        )  # fmt: skip
        bulk.copy(
            "family_doctor_norm",
            ("version", "code", "group_code", "item_code", "document"),
            (
                (norms.version, norm.code, norm.group, norm.item, norm.model_dump_json())
                for norm in norms.norms
            ),
        )
    known = set(bulk.rows(_FORMS))
    bulk.copy(
        "family_doctor_form",
        ("code", "version", "document"),
        (
            (form.code, form.version, form.model_dump_json())
            for form in pack.forms.forms
            if (form.code, form.version) not in known
        ),
    )


def load_prescription_rules(bulk: Bulk, pack: RegionPack) -> None:
    """The pack's version of the rule of renewing medicines; those that are there stay."""
    rules = pack.prescription_rules
    if (rules.version,) not in bulk.rows(_RULES):
        bulk.copy(
            "family_doctor_prescription_rule",
            ("version", "document", "loaded_at"),
            [(rules.version, rules.model_dump_json(), clock.now())],
        )
