"""Checks of the multimodal source tables: the allow-list, the cohort, versions that go together, and agreement.

Agreement compares the manifest with the data it was made from, point by point. On the official release a disagreement
is a warning: gold is the manifest's, so scores stand, and users build EHRXQA's answers and MedMod's folders themselves,
from versions of MIMIC-IV that may differ. On any other release, synthetic or self-built, manifest and sources come from
one hand, so that there it is an error. In neither case does it hold up what is downstream.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import pandas

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.checks.schemas import schema_result
from clinseek_assets.checks.source_tables import specs as source_specs
from clinseek_assets.checks.source_tables import table_schema
from clinseek_assets.imaging.linked_images import linked_images
from clinseek_assets.locations.dataset_versions import mismatches, versions_of
from clinseek_assets.locations.settings import release_kind
from clinseek_assets.mimic.extraction import rows_with
from clinseek_assets.mimic.multimodal.agreement import counts, first_disagreements
from clinseek_assets.mimic.multimodal.cxr_lists import positives_by_study, read_images
from clinseek_assets.mimic.multimodal.dataset_files import find_ehr_split, find_ehrxqa_questions
from clinseek_assets.mimic.multimodal.ehrxqa_agreement import ehrxqa_agreement
from clinseek_assets.mimic.multimodal.ehrxqa_questions import read_ehrxqa_questions
from clinseek_assets.mimic.multimodal.medmod_agreement import MedmodSources, medmod_agreement
from clinseek_assets.mimic.multimodal.medmod_lists import find_list_files, read_list_rows
from clinseek_assets.mimic.tables import Table
from clinseek_assets.resources.home import Home

MIMIC_CXR = "mimic_cxr"
METADATA, EHRXQA_STUDIES, MEDMOD_STUDIES = "mimic_cxr/metadata", "ehrxqa/tb_cxr", "medmod/tb_cxr"


def specs(name: str, table: Table, key: dg.AssetKey) -> Sequence[dg.AssetCheckSpec]:
    """The checks of one table's asset.

    Args:
        name: `<dataset>/<table>`.
        table: its catalogue entry.
        key: the asset's key.
    """
    further = {
        METADATA: [
            dg.AssetCheckSpec(
                "versions", asset=key, description="The multimodal sources are of versions that go together."
            ),
            dg.AssetCheckSpec(
                "patients_listed",
                asset=key,
                blocking=True,
                description="Each patient of the multimodal questions has images in the list.",
            ),
        ],
        EHRXQA_STUDIES: [dg.AssetCheckSpec("agreement", asset=key, description=_agreement_told("EHRXQA's records"))],
        MEDMOD_STUDIES: [
            dg.AssetCheckSpec("agreement", asset=key, description=_agreement_told("MedMod's list files and stays"))
        ],
    }
    return [*source_specs(table, key), *further.get(name, [])]


def _agreement_told(what: str) -> str:
    return f"The manifest's rows say what {what} say: labels, patients, moments, linked studies."


def cohort_of(home: Home, dataset: str) -> frozenset[int]:
    """The patients whose rows a dataset's tables hold; the lists of X-rays are for both datasets of questions."""
    if dataset == MIMIC_CXR:
        return home.multimodal_cohort(EHRXQA) | home.multimodal_cohort(MEDMOD)
    return home.multimodal_cohort(dataset)


def of_dataset_table(home: Home, dataset: str, table: Table) -> Iterator[dg.AssetCheckResult]:
    """Answer `specs` for the extracted table."""
    import polars

    name = f"{dataset}/{table.name}"
    frame = polars.scan_parquet(home.layout.dataset_table(dataset, table.name))
    yield schema_result("schema", dataset_schema(table), frame)
    if table.of_patients:
        found = set(frame.select(polars.col("subject_id").unique()).collect()["subject_id"].to_list())
        strangers = len(found - cohort_of(home, dataset))
        yield dg.AssetCheckResult(
            check_name="only_the_cohort", passed=not strangers, metadata={"patients outside the cohort": strangers}
        )
    if name == METADATA:
        yield versions_result(home)
        yield listed_result(cohort_of(home, dataset), found)
    elif name == EHRXQA_STUDIES:
        yield ehrxqa_result(home)
    elif name == MEDMOD_STUDIES:
        yield medmod_result(home)


def dataset_schema(table: Table) -> Any:
    """The catalogue's entry as a Pandera schema over Polars; of MedMod, records are numbered a patient's file."""
    schema = table_schema(table)
    if table.module == MEDMOD:
        schema = schema.update_column("source_row", unique=False)
        schema.unique = ["subject_id", "source_row"]
    return schema


def versions_result(home: Home) -> dg.AssetCheckResult:
    """Whether the named sources are of versions that go together, before anything is read of the others."""
    versions = versions_of(home.settings)
    unlike = mismatches(versions)
    return dg.AssetCheckResult(
        check_name="versions",
        passed=not unlike,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(unlike),
        metadata={"versions": dg.MetadataValue.json(versions.told())},
    )


def listed_result(cohort: frozenset[int], listed: set[int]) -> dg.AssetCheckResult:
    """Whether each patient of the questions is in the metadata list; without, no study has a time."""
    absent = len(cohort - listed)
    told = (
        f"{absent:,} of {len(cohort):,} patients of the questions have no image in the list: it is of other data, or "
        "was cut. Fetch mimic-cxr-2.0.0-metadata.csv.gz of MIMIC-CXR-JPG again."
    )
    return dg.AssetCheckResult(
        check_name="patients_listed",
        passed=not absent,
        description=told if absent else "",
        metadata={"patients": len(cohort), "patients without an image": absent},
    )


def ehrxqa_result(home: Home) -> dg.AssetCheckResult:
    """Whether EHRXQA's own records say what the manifest says."""
    path = find_ehrxqa_questions(home.settings.ehrxqa_root)
    if path is None:
        return not_compared(home, "test.json of EHRXQA is not there (generate_answer.py writes it)")
    questions = [question for question in home.multimodal_questions() if question.dataset == EHRXQA]
    studies = home.layout.dataset_table(EHRXQA, "tb_cxr")
    compared = ehrxqa_agreement(questions, read_ehrxqa_questions(path), linked_images(questions), studies)
    return agreement_result(home, compared, [])


def medmod_result(home: Home) -> dg.AssetCheckResult:
    """Whether MedMod's list files, stays and images say what the manifest says."""
    questions = [question for question in home.multimodal_questions() if question.dataset == MEDMOD]
    lists = find_list_files(home.settings.medmod_root, questions)
    stays = home.layout.dataset_table(MEDMOD, "stays")
    labels = home.layout.dataset_table(MIMIC_CXR, "chexpert")
    if not stays.is_file():
        return not_compared(home, "medmod/stays is not there")
    sources = MedmodSources(
        lists={key: read_list_rows(source, questions) for key, source in lists.items() if source},
        stays=pandas.read_parquet(stays, columns=["stay_id", "subject_id", "hadm_id", "intime"]),
        images=read_images(home.layout.dataset_table(MIMIC_CXR, "metadata")),
        positives=positives_by_study(labels) if labels.is_file() else None,
        parts=image_parts(home, questions),
    )
    absent = [f"the list file of {task}, {part}" for (task, part), source in lists.items() if source is None]
    absent += [] if labels.is_file() else ["the list of CheXpert labels"]
    return agreement_result(home, medmod_agreement(questions, linked_images(questions), sources), absent)


def image_parts(home: Home, questions: Sequence[Question]) -> dict[str, str] | None:
    """The part that MedMod's own split puts each image of the questions' patients in; None where the file is absent."""
    source = find_ehr_split(home.datasets.roots)
    if source is None:
        return None
    listed = rows_with(source, "subject_id", {question.subject_id for question in questions}).to_pylist()
    return {row["dicom_id"]: row["split"] for row in listed}


def agreement_result(home: Home, compared: pandas.DataFrame, absent: Sequence[str]) -> dg.AssetCheckResult:
    """The verdict over all points: counts and row numbers, never a value."""
    found = counts(compared)
    unlike = [f"{what}: {count.compared - count.agree:,} of {count.compared:,} differ" for what, count in found.items()]
    unlike = [told for told, count in zip(unlike, found.values(), strict=True) if count.agree < count.compared]
    unlike += [f"not compared, since {what} is not there" for what in absent]
    return dg.AssetCheckResult(
        check_name="agreement",
        passed=not unlike,
        severity=severity_of(home),
        description="; ".join(unlike),
        metadata={
            **{f"agree on {what}": str(count) for what, count in found.items()},
            "first rows that differ": dg.MetadataValue.json(first_disagreements(compared)),
        },
    )


def not_compared(home: Home, why: str) -> dg.AssetCheckResult:
    """The verdict where there is nothing to compare with: what was not looked at does not count as agreed."""
    return dg.AssetCheckResult(
        check_name="agreement", passed=False, severity=severity_of(home), description=f"Not compared: {why}."
    )


def severity_of(home: Home) -> dg.AssetCheckSeverity:
    """How heavy a disagreement weighs; see the head of this file."""
    official = release_kind(home.settings.release_root) == "official"
    return dg.AssetCheckSeverity.WARN if official else dg.AssetCheckSeverity.ERROR
