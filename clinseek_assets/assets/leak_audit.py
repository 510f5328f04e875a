"""The leak audit: what every arm is shown, held against what was known at each question's moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pandas

from clinseek_assets.assets.artifact import Artifact, Explanation, Made, artifact, code_of
from clinseek_assets.assets.contexts import ARTIFACTS as CONTEXT_ASSETS
from clinseek_assets.assets.contexts import NAME as CONTEXTS
from clinseek_assets.assets.contexts import STRICT as STRICT_CONTEXTS
from clinseek_assets.assets.contexts import path_of, strict_path_of
from clinseek_assets.assets.shown import aggregates
from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS
from clinseek_assets.checks import leak_audit as checks
from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import Progress
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_file

if TYPE_CHECKING:
    from clinseek_assets.audit.report import Contexts

GROUP = "reports"
SOURCE_TABLES = tuple(f"mimic_iv/{table.module}/{name}" for name, table in PATIENT_TABLES.items())
WHOLE = ("text_manifest", *SOURCE_TABLES, "text_patient_databases", "reference_tables")


def audit_file(home: Home) -> Path:
    """What the audit found, as JSON: figures without an id and without a value."""
    return home.layout.reports / "leak_audit.json"


def inputs(home: Home) -> list[str]:
    """The questions, their patients' rows and databases, all contexts, the policies of time, and who may be told."""
    from clinseek_assets.records.pinned.versions import policy_version

    return [
        *(home.receipts.content(name) for name in WHOLE),
        *(home.receipts.content(name, subtask) for name in (CONTEXTS, STRICT_CONTEXTS) for subtask in SUBTASKS),
        policy_version("strict"),
        policy_version("compat"),
        home.class_of("text"),
    ]


@artifact(
    Explanation(
        name="leak_audit",
        group=GROUP,
        kinds=frozenset({"json"}),
        owners=("team:benchmark",),
        code=code_of(
            *("audit", "contexts", "timeline", "construction", "records/pinned", "mimic/visibility"),
            *("assets/leak_audit.py", "checks/leak_audit.py"),
        ),
        deps=(*WHOLE, CONTEXTS, STRICT_CONTEXTS),
    ),
    inputs=inputs,
    output=audit_file,
    checks=checks.of_leak_audit,
    check_specs=checks.SPECS,
)
def leak_audit(home: Home, progress: Progress) -> Made:
    """Whether anything that was not known at a question's moment is within reach, worked out once more and naively.

    For every question the rows and values that each policy serves are compared with an oracle over the source rows, in
    both directions; a made-up patient's future rows and values are the control that must be caught. Gold in the
    target's tables, a probe of the outcome for each risk label, a probe that learns it from counts and missing values
    alone, and the strict contexts are looked at too.
    """
    from clinseek_assets.audit import report  # here, since what it learns with takes long to load
    from clinseek_assets.audit.examination import Sources

    sources = Sources(home.tables(), home.layout.patient_databases("text"), home.layout.reference_tables)
    audit = report.run_audit(home.questions(), sources, contexts_of(home), progress)
    found = report.as_json(audit, checks.fewest_patients(home.class_of("text")))
    write_text(audit_file(home), json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return Made(
        of_file(audit_file(home)),
        {
            "path": dg.MetadataValue.path(str(audit_file(home))),
            "questions": sum(subtask["questions"] for subtask in found["subtasks"].values()),
            **{f"rows compared, {policy}": rows for policy, rows in audit.figures.rows_compared.items()},
            "planted": audit.controls.planted,
            "strict contexts": audit.figures.contexts.contexts,
            "what the policies show": aggregates(report.table(found, report.SHOWN_BY_POLICY)),
            "how well the probes tell": aggregates(report.table(found, report.TOLD_BY_PROBES, task_type=RISK)),
        },
    )


def contexts_of(home: Home) -> Contexts | None:
    """The contexts of the subtasks whose contexts are up to date; None where there are none yet.

    Those of other subtasks were made of other records or by other code: nobody is shown them any more.
    """
    from clinseek_assets.audit.report import Contexts

    there = [name for name in SUBTASKS if all(made.current(home, name) for made in CONTEXT_ASSETS)]
    if not there:
        return None
    return Contexts(
        published=pandas.concat([home.read(CONTEXTS, name, path_of(home, name)) for name in there]),
        strict=pandas.concat([home.read(STRICT_CONTEXTS, name, strict_path_of(home, name)) for name in there]),
    )


ARTIFACTS: tuple[Artifact, ...] = (leak_audit,)
