"""The multimodal leak audit: what every arm is shown of EHRXQA's and MedMod's records, held against what was known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pandas

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, code_of
from clinseek_assets.assets.leak_audit import GROUP
from clinseek_assets.assets.multimodal_contexts import ARTIFACTS as CONTEXT_ASSETS
from clinseek_assets.assets.multimodal_contexts import NAME as CONTEXTS
from clinseek_assets.assets.multimodal_contexts import RECORDS, path_of, report_texts
from clinseek_assets.assets.multimodal_contexts import STRICT as STRICT_CONTEXTS
from clinseek_assets.assets.patient_databases import DATASETS
from clinseek_assets.assets.shown import aggregates
from clinseek_assets.assets.splits import MULTIMODAL
from clinseek_assets.checks import leak_audit as shared
from clinseek_assets.checks import multimodal_leak_audit as checks
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_file

if TYPE_CHECKING:
    from clinseek_assets.audit.multimodal.report import Contexts

POLICIES: tuple[Policy, ...] = ("strict", "compat")
SOURCE_TABLES = tuple(name for records in DATASETS for name in records.sources)


def audit_file(home: Home) -> Path:
    """What the audit found, as JSON: figures without an id and without a value."""
    return home.layout.reports / checks.FILE


def inputs(home: Home) -> list[str]:
    """The questions, their patients' rows and databases, all contexts, the policies of time, and who may be told."""
    from clinseek_assets.records.pinned.versions import policy_version

    tables = (home.receipts.read(name) for name in SOURCE_TABLES)
    return [
        home.receipts.content(MULTIMODAL.manifest),
        *(receipt.content if receipt else "not there" for receipt in tables),
        *(home.receipts.content(name) for name in RECORDS),
        *(home.receipts.content(name, group) for name in (CONTEXTS, STRICT_CONTEXTS) for group in MULTIMODAL.subtasks),
        *(policy_version(policy, records.dataset) for policy in POLICIES for records in DATASETS),
        home.class_of(MULTIMODAL.name),
    ]


@artifact(
    Explanation(
        name="multimodal_leak_audit",
        group=GROUP,
        kinds=frozenset({"json"}),
        owners=("team:benchmark",),
        code=code_of(
            *("audit", "contexts", "records/pinned", "mimic/visibility"),
            *("assets/multimodal_leak_audit.py", "checks/multimodal_leak_audit.py"),
        ),
        deps=(MULTIMODAL.manifest, *SOURCE_TABLES, *RECORDS, CONTEXTS, STRICT_CONTEXTS),
    ),
    inputs=inputs,
    output=audit_file,
    checks=checks.of_multimodal_leak_audit,
    check_specs=checks.SPECS,
    ready=lambda home: home.has_multimodal,
)
def multimodal_leak_audit(home: Home, progress: Progress) -> Made:
    """Whether anything that was not known at a question's moment, or that holds its answer, is within reach.

    For every question the rows and values that each policy serves are compared with an oracle over the source rows, in
    both directions; made-up patients' future rows and values are the control that must be caught; no database may hold
    a table or column that is not on the allow-list; and the contexts are rendered once more from the oracle's rows.
    """
    from clinseek_assets.audit.examination import Sources  # here, since what the audit reads with takes long to load
    from clinseek_assets.audit.multimodal import report

    sources = {
        records.dataset: Sources(
            {name: path for name, (_, path) in records.tables(home).items()},
            home.layout.patient_databases(records.name),
            home.layout.dataset_reference(records.dataset),
        )
        for records in DATASETS
    }
    audit = report.examine(home.multimodal_questions(), sources, contexts_of(home), progress)
    found = audit.as_json(shared.fewest_patients(home.class_of(MULTIMODAL.name)))
    write_text(audit_file(home), json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return Made(
        of_file(audit_file(home)),
        {
            "path": dg.MetadataValue.path(str(audit_file(home))),
            **{f"rows compared, {policy}": rows for policy, rows in audit.rows_compared.items()},
            "planted": sum(controls.planted for controls in audit.controls.values()),
            "what the policies show": aggregates(report.table(found)),
        },
    )


def contexts_of(home: Home) -> Contexts | None:
    """The contexts of the groups whose contexts are up to date; None where no group's are.

    Those of other groups were made under other settings or of other records: nobody is shown them any more.
    """
    from clinseek_assets.audit.multimodal.report import Contexts

    there = [group for group in MULTIMODAL.subtasks if all(made.current(home, group) for made in CONTEXT_ASSETS)]
    if not there:
        return None

    def frame(name: str, arm: str) -> pandas.DataFrame:
        return pandas.concat([home.read(name, group, path_of(home, arm, group)) for group in there])

    reports = report_texts(home, [question for group in there for question in home.multimodal_questions(group)])
    return Contexts(frame(CONTEXTS, "curated"), frame(STRICT_CONTEXTS, "curated_strict"), reports or {})


ARTIFACTS: tuple[Artifact, ...] = (multimodal_leak_audit,)
