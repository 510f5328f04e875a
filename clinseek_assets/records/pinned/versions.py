"""What a policy is, as a hash: part of the identity of every answer that was given under it."""

from __future__ import annotations

import apsw

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.mimic.visibility import moments, rules
from clinseek_assets.records.pinned import (
    compat_views,
    guard,
    labels,
    limits,
    patient_facts,
    record,
    refusals,
    statements,
    strict_views,
    texts_of_time,
    views,
)
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.storage import fingerprint

SHARED = (guard, labels, limits, record, refusals, statements, texts_of_time, views)
OWN = {"strict": (moments, rules, patient_facts, strict_views), "compat": (compat_views,)}


def policy_version(policy: Policy) -> str:
    """A hash of a policy: its rules, the tables that they are about, and the code that makes views of them."""
    code = fingerprint.of_code(*SHARED, *OWN[policy])
    tables = [
        (table.name, table.event_time, [(column.name, column.type.word, column.required) for column in table.columns])
        for table in PATIENT_TABLES.values()
    ]
    return fingerprint.of_value([policy, apsw.sqlite_lib_version(), code, tables])
