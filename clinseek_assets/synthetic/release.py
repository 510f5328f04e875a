"""`synthesize`: sources, both splits' questions, EHR-Bench's files and the record, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import clinseek_assets
from clinseek_assets.benchmark.released_counts import FILE_NAME, ExpectedCounts
from clinseek_assets.construction.manifest import BuiltManifest, build_manifest
from clinseek_assets.construction.pool import extract_pool
from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.locations.layout import MULTIMODAL_MANIFEST_FILE
from clinseek_assets.mimic.catalogue import MODULES, TABLES
from clinseek_assets.storage.fingerprint import of_value
from clinseek_assets.storage.sole_use import sole_use
from clinseek_assets.synthetic.ehr_bench import WAYS, as_released, ways_of, without_contexts, write_ehr_bench
from clinseek_assets.synthetic.multimodal import write_multimodal
from clinseek_assets.synthetic.profiles import Profile, profile_named
from clinseek_assets.synthetic.scaled_sources import AS_IT_IS, Scale, forecast, require_room, write_scaled_sources
from clinseek_assets.synthetic.sources import path_in, write_sources
from clinseek_assets.synthetic.vouching import RECORD_FILE, changed_files, read_record, write_records

GENERATOR_VERSION = "2"
SEED = 20260301
FOLDERS = ("sources", "release")
MANIFEST = "ClinSeek-Bench_text.json"
MANIFEST_WITHOUT_INPUT = "ClinSeek-Bench_text_without_input.json"
# Folders that a run works in, or has replaced: the next run removes what a killed one left of them.
WORKING = ".synthesizing-"
RETIRED = f"{WORKING}retired-"
SCALING = f"{WORKING}scaled-"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SyntheticRelease:
    """A synthetic release on disk.

    Attributes:
        root: the folder that holds `release/` and `sources/`.
        profile, seed: what it was made from.
        counts: what its manifest counts to.
        rows: source table -> rows.
        scale: how many times the rows of the profile its source tables have.
        seconds: how long making or verifying it took.
        reused: whether it was there already, every file as recorded, so that nothing was written.
    """

    root: Path
    profile: str
    seed: int
    counts: ExpectedCounts
    rows: dict[str, int]
    scale: int
    seconds: float
    reused: bool

    @property
    def manifest(self) -> Path:
        """The released form of the text manifest."""
        return self.root / "release" / "text" / MANIFEST

    @property
    def multimodal_manifest(self) -> Path:
        """The multimodal manifest; not there where the profile asks for none."""
        return self.root / "release" / "multimodal" / MULTIMODAL_MANIFEST_FILE

    @property
    def mimic_root(self) -> Path:
        """The folder with `hosp/`, `icu/`, `ed/` and `note/`."""
        return self.root / "sources" / "mimic_iv"


def synthesize(
    profile: str, out: Path, *, seed: int = SEED, scale: Scale = AS_IT_IS, progress: Progress | None = None
) -> SyntheticRelease:
    """Make the synthetic release of a profile below `out`: `release/` and `sources/`.

    Both folders are made aside and moved into place when they are finished. What is there already from the same
    generator, profile, seed and scale, with every file as recorded, is left as it is; another synthetic release is
    replaced. A scaled release asks the same questions of the same patients; its MIMIC-IV tables have others as well.

    Args:
        profile: `small` or `full`.
        out: where to put it.
        seed: the same seed gives the same bytes.
        scale: how many times the rows of the profile the source tables have.
        progress: told the stage, how much of it is done and how much there is.

    Raises:
        SettingsFault: there is no such profile, or `out` holds a `release/` or `sources/` that is not synthetic.
        Fault: the questions cannot be built as the profile wants them, or the disk has not enough room.
    """
    return make_release(profile_named(profile), Path(out), seed=seed, scale=scale, progress=progress)


def make_release(
    profile: Profile, out: Path, *, seed: int, scale: Scale = AS_IT_IS, progress: Progress | None = None
) -> SyntheticRelease:
    """As `synthesize`, of a profile of one's own."""
    started = time.monotonic()
    tell = progress or (lambda stage, done, total: None)
    wanted = _identity(profile, seed, scale)
    scaling = out / f"{SCALING}{of_value(wanted)[:12]}"  # of one name, so that what is finished there can be taken up
    _refuse_foreign(out)
    _sweep(out, scaling)
    there = _as_wanted(out, wanted)
    if there:
        return _release(out, profile, seed, there, time.monotonic() - started, reused=True)
    if scale.times > 1:
        content = _scaled(profile, out, seed, scale, scaling, tell)
    else:
        content = _made_aside(profile, out, seed, tell)
    return _release(out, profile, seed, content, time.monotonic() - started, reused=False)


def _made_aside(profile: Profile, out: Path, seed: int, tell: Progress) -> dict[str, Any]:
    """Make the release of a profile and move it into place; return the record's content."""
    work = out / f"{WORKING}{uuid.uuid4().hex[:12]}"
    try:
        work.mkdir(parents=True)
        content = _make(profile, work, seed, tell)
        _publish(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return content


def _scaled(profile: Profile, out: Path, seed: int, scale: Scale, work: Path, tell: Progress) -> dict[str, Any]:
    """Make the scaled release of a profile and move it into place; return the record's content.

    The release as it is comes first; it is taken where it is in place already, or where a run that was broken off has
    left it. Its tables are replaced when all scaled ones are finished.
    """
    with sole_use(work, "scaling a synthetic release"):
        base = work / "release_as_it_is"
        content = _as_wanted(base, _identity(profile, seed))
        if not content:
            shutil.rmtree(base, ignore_errors=True)
            content = _as_wanted(out, _identity(profile, seed))
            if content:
                for folder in FOLDERS:
                    shutil.copytree(out / folder, base / folder, copy_function=os.link)
            else:
                require_room(out, forecast(profile.patients, seed, scale, out).size)
                content = _made_aside(profile, base, seed, tell)
        mimic = base / "sources" / "mimic_iv"
        made = write_scaled_sources(
            mimic, work / "scaled", scale, lambda done, total: tell("writing scaled source tables", done, total)
        )
        for name, path in made.items():
            path.replace(path_in(mimic, TABLES[name]))
        rows = {name: count * (scale.times if name in made else 1) for name, count in content["rows"].items()}
        recorded = {key: value for key, value in content.items() if key not in ("purpose", "files", "signature")}
        content = {**recorded, **_identity(profile, seed, scale), "rows": rows}
        tell("hashing the files", 0, 1)
        write_records(base, content, FOLDERS)
        tell("hashing the files", 1, 1)
        _publish(base, out)
        shutil.rmtree(work, ignore_errors=True)
    return content


def _identity(profile: Profile, seed: int, scale: Scale = AS_IT_IS) -> dict[str, Any]:
    scaled = {"times": scale.times, "tables": list(scale.tables)}
    return {
        "generator_version": GENERATOR_VERSION,
        "package_version": clinseek_assets.__version__,
        "profile": profile.name,
        "patients": profile.patients,
        "questions_per_subtask": profile.per_subtask,
        "multimodal": json.loads(json.dumps(asdict(profile.multimodal))) if profile.multimodal else None,
        "seed": seed,
        **({"scale": scaled} if scale.times > 1 else {}),
    }


def _make(profile: Profile, work: Path, seed: int, tell: Progress) -> dict[str, Any]:
    """Write both folders below `work`; return the record's content."""
    sources, release = work / "sources", work / "release"
    rows = write_sources(
        sources,
        patients=profile.patients,
        seed=seed,
        progress=lambda done, total: tell("writing source tables", done, total),
    )
    built = _questions(profile, work, seed, tell)
    ways = ways_of(built.rows, seed)
    released = as_released(built.rows, ways)
    counts = built.counts.model_copy(update={"release": "synthetic"})
    text = release / "text"
    text.mkdir(parents=True)
    _write_json(text / MANIFEST, released)
    _write_json(text / MANIFEST_WITHOUT_INPUT, without_contexts(released))
    _write_json(text / MANIFEST.replace(".json", ".report.json"), built.report)
    write_ehr_bench(sources / "ehr_bench", built.rows, ways)
    if profile.multimodal:
        made = write_multimodal(
            sources,
            release / "multimodal" / MULTIMODAL_MANIFEST_FILE,
            profile.multimodal,
            patients=profile.patients,
            seed=seed,
            progress=tell,
        )
        counts = counts.model_copy(update={"multimodal": made.counts})
        rows = rows | made.rows
    (release / FILE_NAME).write_text(counts.model_dump_json(indent=2) + "\n", encoding="utf-8")
    content = {
        **_identity(profile, seed),
        "data": "Made up from latent conditions and chance. No row comes from a patient or a dataset of patients.",
        "contexts": {
            "what": "Questions by the way to their context: `input` and `question` are null where it lies elsewhere; "
            "`source_file` and `source_idx` are null where it has to be rendered from the patient's record.",
            "questions": {way: sum(chosen == way for chosen in ways.values()) for way in WAYS},
        },
        "rows": rows,
        "counts": counts.model_dump(),
    }
    write_records(work, content, FOLDERS)
    return content


def _questions(profile: Profile, work: Path, seed: int, tell: Progress) -> BuiltManifest:
    """Build the manifest from the files just written, by the very code that builds one from any MIMIC-IV root."""
    mimic = work / "sources" / "mimic_iv"
    scratch = work / "extracted"
    pool = extract_pool(
        {module: mimic / module for module in MODULES},
        scratch,
        most_patients=profile.patients,
        seed=seed,
        atc_classes=work / "sources" / "atc_classes.csv",
        progress=tell,
    )
    built = build_manifest(
        pool.tables,
        pool.reference_db,
        per_subtask=profile.per_subtask,
        seed=seed,
        patients=profile.manifest_patients,
        progress=tell,
    )
    shutil.rmtree(scratch)
    few = [name for name, found in built.report["subtasks"].items() if found["n"] < profile.least_per_subtask]
    if few:
        raise Fault(
            f"The profile {profile.name} with this seed gives too few questions of: {', '.join(few)}.",
            mend="Take another seed.",
        )
    return replace(built, report={**built.report, "patients_of_root": pool.patients_of_root, "notices": pool.notices})


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _refuse_foreign(out: Path) -> None:
    """Never touch a release or sources that the generator did not make."""
    for folder in FOLDERS:
        found = out / folder
        if found.exists() and any(found.iterdir()) and read_record(found) is None:
            raise SettingsFault(
                f"{found} is there already and is not a synthetic release (it has no {RECORD_FILE}).",
                mend="Choose another folder with --out, or move that one away.",
            )


def _sweep(out: Path, going_on: Path) -> None:
    """Remove what killed runs left, but for what can be taken up."""
    for leftover in out.glob(f"{WORKING}*") if out.is_dir() else ():
        if leftover.is_dir() and leftover != going_on:
            shutil.rmtree(leftover, ignore_errors=True)


def _as_wanted(out: Path, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The record's content where `out` holds exactly the release of this identity, unchanged."""
    records = [read_record(out / folder) for folder in FOLDERS]
    first = records[0]
    if first is None or any(record is None or record.content != first.content for record in records):
        return None
    found = {key: first.content.get(key) for key in (*wanted, "scale")}
    if not first.signed or found != {"scale": None, **wanted}:
        return None
    return None if changed_files(out, first) else first.content


def _publish(work: Path, out: Path) -> None:
    """Move both folders into place; `release/` last, so that where it is, its sources are."""
    token = uuid.uuid4().hex[:12]
    for folder in reversed(FOLDERS):
        if (out / folder).exists():
            (out / folder).rename(out / f"{RETIRED}{token}-{folder}")
    for folder in FOLDERS:
        (work / folder).rename(out / folder)
    _sweep_retired(out)


def _sweep_retired(out: Path) -> None:
    for retired in out.glob(f"{RETIRED}*"):
        shutil.rmtree(retired, ignore_errors=True)


def _release(
    out: Path, profile: Profile, seed: int, content: dict[str, Any], seconds: float, *, reused: bool
) -> SyntheticRelease:
    counts = ExpectedCounts.model_validate(content["counts"])
    times = content.get("scale", {}).get("times", 1)
    return SyntheticRelease(out, profile.name, seed, counts, dict(content["rows"]), times, seconds, reused)
