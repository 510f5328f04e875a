"""What a policy is for one dataset, as a hash: part of the identity of every answer that was given under it."""

from __future__ import annotations

import apsw

from clinseek_assets.mimic.visibility import ehrxqa, medmod, moments, policies, rule, rules
from clinseek_assets.records.pinned import (
    compat_views,
    guard,
    kinds,
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

SHARED = (guard, kinds, labels, limits, record, refusals, statements, texts_of_time, views)
OWN = {"strict": (moments, rule, policies, patient_facts, strict_views), "compat": (compat_views,)}
RULES_OF = {"mimic_iv": rules, "ehrxqa": ehrxqa, "medmod": medmod}


def policy_version(policy: Policy, dataset: str = "mimic_iv") -> str:
    """A hash of a policy: its rules, the tables that they are about, and the code that makes views of them.

    Args:
        policy: `strict` or `compat`.
        dataset: whose records; a change in the rules or tables of another leaves the hash as it is.
    """
    code = fingerprint.of_code(*SHARED, *OWN[policy], *([RULES_OF[dataset]] if policy == "strict" else []))
    tables = [
        (table.name, table.event_time, [(column.name, column.type.word, column.required) for column in table.columns])
        for table in kinds.KINDS[dataset].tables.values()
    ]
    return fingerprint.of_value([policy, dataset, apsw.sqlite_lib_version(), code, tables])
