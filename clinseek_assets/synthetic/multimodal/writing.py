"""`write_multimodal`: the four datasets and the questions of the multimodal split, in exactly the numbers asked for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.groups import EHRXQA, GROUPS, MEDMOD, TASKS
from clinseek_assets.benchmark.released_counts import MultimodalCounts
from clinseek_assets.faults import Fault
from clinseek_assets.synthetic.life import patient_rows
from clinseek_assets.synthetic.multimodal import ehrxqa_dataset, medmod_rows
from clinseek_assets.synthetic.multimodal.ehrxqa_clock import longest_stay
from clinseek_assets.synthetic.multimodal.ehrxqa_selection import EhrxqaPlan, plan_ehrxqa
from clinseek_assets.synthetic.multimodal.ehrxqa_tables import GoldTables
from clinseek_assets.synthetic.multimodal.lives import Life, draw_lives
from clinseek_assets.synthetic.multimodal.medmod_dataset import MedmodFiles
from clinseek_assets.synthetic.multimodal.medmod_selection import MedmodPlan, plan_medmod
from clinseek_assets.synthetic.multimodal.mimic_cxr import write_images, write_lists, write_reports
from clinseek_assets.synthetic.multimodal.studies import Study
from clinseek_assets.synthetic.profiles import MultimodalSize

# Every so many rows have their subject_id as text, as a reader must accept it.
TEXT_ID_EVERY = 40

Progress = Callable[[str, int, int], None]
Row = dict[str, Any]


@dataclass(frozen=True)
class MultimodalRelease:
    """What was written: the manifest's counts, and the rows (or files) of each source."""

    counts: MultimodalCounts
    rows: dict[str, int]


def write_multimodal(
    sources: Path, manifest: Path, size: MultimodalSize, *, patients: int, seed: int, progress: Progress
) -> MultimodalRelease:
    """Write `mimic_cxr`, `mimic_cxr_jpg`, `ehrxqa` and `medmod` into the folder of sources, and the manifest.

    Args:
        sources: the folder of all source datasets.
        manifest: the JSONL file.
        size: how many of what.
        patients: how many patients the release has; these are the same as in its other sources.
        seed: the same seed gives the same bytes.
        progress: told the stage, how much of it is done and how much there is.

    Raises:
        Fault: this seed's patients do not give what the size asks for.
    """
    progress("drawing chest X-rays", 0, 0)
    lives = draw_lives(patients, seed)
    medmod = plan_medmod(lives, size, seed)
    taken = frozenset(row.film.study_id for row in medmod.rows)
    ehrxqa = plan_ehrxqa(lives, taken, size, seed)
    rows = _write_studies(sources, lives, _linked(medmod, ehrxqa), size, seed, progress)
    released, more = _write_records(sources, lives, medmod, ehrxqa, seed, progress)
    _write_manifest(manifest, released)
    groups = Counter(row.group for row in ehrxqa.rows)
    counts = _counts(released, groups + Counter(TASKS[row.task].group for row in medmod.rows))
    _insist(counts, size)
    return MultimodalRelease(counts, rows | more)


def _linked(medmod: MedmodPlan, ehrxqa: EhrxqaPlan) -> list[Study]:
    """Each linked image's study once, in the order of their ids."""
    studies = [row.film for row in medmod.rows] + [study for row in ehrxqa.rows for study in row.imaged]
    by_id = {study.study_id: study for study in studies}
    return [by_id[study_id] for study_id in sorted(by_id)]


def _write_studies(
    sources: Path, lives: Sequence[Life], linked: Sequence[Study], size: MultimodalSize, seed: int, progress: Progress
) -> dict[str, int]:
    everything = [study for life in lives for study in life.studies]
    jpg = sources / "mimic_cxr_jpg"
    lists = write_lists(jpg, everything, size.image_size, seed)
    reports = sources / "mimic_cxr" / "mimic-cxr-reports.zip"
    images = write_images(
        jpg, linked, size.image_size, seed, lambda done, total: progress("drawing chest X-rays", done, total)
    )
    return {
        **{f"mimic_cxr/{name}": number for name, number in lists.items()},
        "mimic_cxr/reports": write_reports(reports, ((life.patient, life.studies) for life in lives), seed),
        "mimic_cxr/images": images,
    }


def _write_records(
    sources: Path, lives: Sequence[Life], medmod: MedmodPlan, ehrxqa: EhrxqaPlan, seed: int, progress: Progress
) -> tuple[list[Row], dict[str, int]]:
    """Write EHRXQA and MedMod; return the released rows, and how many rows each source got."""
    longest = longest_stay([life.patient for life in lives])
    gold, files = GoldTables(longest, seed), MedmodFiles(sources / MEDMOD, seed)
    of_ehrxqa = {one.life.patient.number: one for one in ehrxqa.patients}
    of_medmod = {one.life.patient.number: one for one in medmod.patients}
    numbers = sorted(of_ehrxqa.keys() | of_medmod.keys())
    for done, number in enumerate(numbers, start=1):
        rows = patient_rows(number, seed)
        if number in of_ehrxqa:
            gold.add(of_ehrxqa[number], rows)
        if number in of_medmod:
            files.add(of_medmod[number], rows)
        progress("writing EHRXQA and MedMod", done, len(numbers))
    root = sources / EHRXQA / EHRXQA
    tables = gold.write(root / "database" / "gold")
    placed = ehrxqa_dataset.write_dataset(root / "dataset" / "test.json", ehrxqa, seed)
    released = [
        *ehrxqa_dataset.released_rows(ehrxqa, placed, longest),
        *medmod_rows.released_rows(medmod, files.finish()),
    ]
    return released, {
        **{f"ehrxqa/{name}": number for name, number in tables.items()},
        **{f"medmod/{name}": number for name, number in files.rows.items()},
    }


def _write_manifest(path: Path, rows: Iterable[Row]) -> None:
    lines = []
    for number, row in enumerate(rows):
        if number % TEXT_ID_EVERY == TEXT_ID_EVERY // 4:
            row = row | {"subject_id": str(row["subject_id"])}
        lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _counts(rows: Sequence[Row], groups: Mapping[str, int]) -> MultimodalCounts:
    by_dataset = {name: [row for row in rows if row["source_benchmark"] == name] for name in (EHRXQA, MEDMOD)}
    tasks = Counter(row["task"] for row in rows)
    return MultimodalCounts(
        rows=len(rows),
        per_dataset={name: len(found) for name, found in by_dataset.items()},
        per_task={name: tasks[name] for name in TASKS},
        per_group={name: groups[name] for name in GROUPS},
        patients={name: len({int(row["subject_id"]) for row in found}) for name, found in by_dataset.items()},
        images={name: _different(found, "image_paths") for name, found in by_dataset.items()},
        reports={name: _different(found, "report_paths") for name, found in by_dataset.items()},
    )


def _different(rows: Iterable[Row], key: str) -> int:
    return len({path for row in rows for path in row[key]})


def _insist(counts: MultimodalCounts, size: MultimodalSize) -> None:
    """The counts are those that were asked for, each of them.

    Raises:
        Fault: one is not.
    """
    tasks = {**dict.fromkeys(TASKS, 0), **size.tasks_of_medmod, "ehrxqa_image": sum(size.groups_of_ehrxqa.values())}
    wanted = {"per_task": tasks, "patients": size.patients, "images": size.images, "reports": size.reports}
    for name, numbers in wanted.items():
        if getattr(counts, name) != dict(numbers):
            raise Fault(f"The multimodal manifest has other {name} than its profile.", mend="Take another seed.")
