"""The multimodal audit over a whole synthetic release, from its source files to its contexts."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from clinseek_assets.audit.multimodal.report import Contexts, examine
from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.contexts.multimodal import multimodal_contexts, multimodal_strict_contexts
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets.synthetic.profiles import profile_named
from clinseek_assets.synthetic.release import make_release
from clinseek_assets_tests.audit.multimodal.a_release import questions_of, sources_of


@pytest.mark.slow
def test_a_small_release_passes_and_no_finding_is_in_a_database(tmp_path):
    release = make_release(profile_named("small"), tmp_path / "made", seed=11)
    questions = questions_of(release.root)
    sources = sources_of(release.root, questions, tmp_path / "work")
    files = {dataset: RecordFiles(of.databases, of.reference) for dataset, of in sources.items()}
    published, strict = multimodal_contexts(questions, files), multimodal_strict_contexts(questions, files)
    assert set(published["status"]) == set(strict["status"]) == {"rendered"}
    audit = examine(questions, sources, Contexts(published, strict, {}))
    assert [(verdict.check, verdict.failures) for verdict in audit.verdicts if not verdict.passed] == []
    assert set(audit.groups) == set(GROUPS)
    assert sum(group.questions for group in audit.groups.values()) == len(questions)
    assert sum(group.hidden_rows for group in audit.groups.values()) > 500
    for of_dataset in sources.values():
        for path in of_dataset.databases.glob("*.db"):
            with closing(sqlite3.connect(path)) as database:
                dumped = "\n".join(database.iterdump()).casefold()
            # EHRXQA's label table tells findings as attributes of objects; MedMod's folders tell outcomes.
            assert "anatomicalfinding" not in dumped and "mortality" not in dumped and "'dod'" not in dumped
