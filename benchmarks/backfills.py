"""A backfill of 540 partitions: what Dagster's bookkeeping costs beside the answering, checks included."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.automation.code_location import CodeLocation
from clinseek_assets.automation.ranges import of_range
from clinseek_assets.automation.rebuild import rebuild
from clinseek_assets.automation.stage_work import QUIET, failures
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.build import build
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.resources.instance import open_instance, process_tag
from clinseek_assets.synthetic.profiles import Profile
from clinseek_assets.synthetic.release import make_release

MODELS = 12
ASSET = "text_curated_predictions"
TINY = Profile("tiny", patients=40, per_subtask=1, manifest_patients=None, least_per_subtask=0)


def run(folder: Path) -> dict[str, Any]:
    """Measure in `folder`.

    Returns:
        name; partitions; of one range run over all of them, baselines that answer at once: milliseconds a partition by
        the clock and of the processor, everything included (answering, files, records, checks); the same of a second
        run, which finds all up to date and records it; and how long 540 appends to a file take that are each put on
        the disk, since a partition is put there several times.
    """
    settings = load_settings(environment(folder))
    with open_instance(settings.layout) as instance:
        location, artifact = made_before_predictions(settings, instance)
        first = _range_run(location, instance, artifact)
        again = _range_run(location, instance, artifact)
    return {
        "name": "backfill of 540 partitions",
        "partitions": len(artifact.partitions),
        "milliseconds_a_partition": first[0],
        "processor_milliseconds_a_partition": first[1],
        "milliseconds_a_partition_up_to_date": again[0],
        "processor_milliseconds_a_partition_up_to_date": again[1],
        "milliseconds_a_synchronised_append": round(_append_seconds(folder / "appended") / 540 * 1e3, 2),
    }


def environment(folder: Path) -> dict[str, str]:
    """A tiny release and twelve baselines in `folder`, as the settings name them."""
    release = folder / "synthetic"
    make_release(TINY, release, seed=3)
    models = folder / "models.yaml"
    lines = [
        f"  - {{name: m{number:02}, dialect: baseline, model_id: always_yes, enabled: true}}"
        for number in range(MODELS)
    ]
    models.write_text("\n".join(["models:", *lines]) + "\n")
    return {
        "CLINSEEK_HOME": str(folder / "home"),
        "CLINSEEK_RELEASE_ROOT": str(release / "release"),
        "MIMIC_IV_ROOT": str(release / "sources" / "mimic_iv"),
        "CLINSEEK_MODELS": str(models),
    }


def made_before_predictions(settings: Settings, instance: Any) -> tuple[CodeLocation, Artifact]:
    """The code location, all made that lies before the models; and the predictions that are to be made."""
    location = build(settings, {"progress": lambda *_: None})
    stages = location.graph.stages
    before = stages[: next(place for place, stage in enumerate(stages) if stage.title == "leak audit")]
    rebuild(replace(location, graph=replace(location.graph, stages=before)), instance, wanted=Wanted(splits={"text"}))
    return location, next(each for each in location.graph.artifacts if each.name == ASSET)


def _range_run(location: CodeLocation, instance: Any, artifact: Artifact) -> tuple[float, float]:
    """Milliseconds a partition, by the clock and of the processor."""
    job = location.definitions.resolve_implicit_global_asset_job_def()
    tags = {**of_range(str(artifact.partitions[0]), str(artifact.partitions[-1])), **process_tag()}
    started, processor = time.perf_counter(), time.process_time()
    result = job.execute_in_process(
        run_config=QUIET, instance=instance, asset_selection=artifact.keys, tags=tags, raise_on_error=False
    )
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    assert result.success, failures(result)
    assert instance.get_materialized_partitions(artifact.keys[0]) == set(artifact.partitions)
    count = len(artifact.partitions)
    return round(seconds / count * 1e3, 1), round(processor / count * 1e3, 1)


def _append_seconds(path: Path) -> float:
    started = time.perf_counter()
    with path.open("wb") as file:
        for _ in range(540):
            file.write(b"a record")
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - started
