"""The seven tables without patients, and the ATC mapping: where the codes in a patient's rows are looked up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clinseek_assets.synthetic.patients import CAREGIVERS, PROVIDERS, caregiver_id, provider_id
from clinseek_assets.synthetic.vocabulary import vocabulary

ATC_HEADER = ("ndc", "name", "atc_code", "atc_name")


def dictionary_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Table -> all of its rows."""
    words = vocabulary()
    return {
        "d_hcpcs": [
            (row["code"], int(row["category"]), row["long_description"] or None, row["short_description"])
            for row in words.hcpcs
        ],
        "d_icd_diagnoses": sorted(_codes(words.diagnoses)),
        "d_icd_procedures": sorted(_codes(words.procedures)),
        "d_labitems": [(item.itemid, item.label, item.fluid, item.category) for item in words.lab_items.values()],
        "provider": [(name,) for name in sorted({provider_id(number) for number in range(PROVIDERS)})],
        "caregiver": [(number,) for number in sorted({caregiver_id(number) for number in range(CAREGIVERS)})],
        "d_items": [
            (
                item.itemid,
                item.label,
                item.abbreviation,
                item.linksto,
                item.category,
                item.unit or None,
                item.param_type,
                item.low,
                item.high,
            )
            for item in words.items
        ],
    }


def atc_rows() -> list[tuple[str, str, str, str]]:
    """The mapping from drug codes to classes: 11-digit NDC, drug name, ATC code, class name."""
    words = vocabulary()
    return [(drug.ndc, drug.name, drug.atc, words.atc_names[drug.atc]) for drug in words.drugs.values()]


def _codes(concepts: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    for concept in concepts.values():
        for version, (code, title) in concept.versions.items():
            yield code, version, title
