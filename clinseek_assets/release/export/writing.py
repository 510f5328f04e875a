"""`export_release`: a package appears whole or not at all, and replaces only what an export made.

It is made in `.exporting-<name>/package` beside its place and renamed when it is finished. A run that was killed leaves
that folder; the next one takes over every file in it that is what it would place, and goes on.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.benchmark.released_counts import FILE_NAME, expected_counts
from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import Progress
from clinseek_assets.release.export.description import metadata, readme
from clinseek_assets.release.export.multimodal_part import multimodal_part
from clinseek_assets.release.export.package import Package, PlacedFile, joined
from clinseek_assets.release.export.placing import Way, place
from clinseek_assets.release.export.text_part import text_part
from clinseek_assets.storage.atomic import PRIVATE_FOLDER, private_folder, whole_file
from clinseek_assets.storage.sole_use import sole_use

MARKER = ".clinseek-export.json"
FORMAT = 1
WORKING, RETIRED = ".exporting-", ".retired-"
PARTS: Mapping[str, Callable[[Settings, Progress], Package]] = {"text": text_part, "multimodal": multimodal_part}


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Attributes:
        out: the package.
        facts: split -> its counts.
        files: how many files the package has.
        up_to_date: whether it was there already, made of the same; then nothing was written.
    """

    out: Path
    facts: Mapping[str, Mapping[str, int]]
    files: int
    up_to_date: bool


def export_release(
    settings: Settings, splits: Sequence[str], out: Path, way: Way, progress: Progress | None = None
) -> Exported:
    """Write the rebuilt benchmark in the published layout.

    Args:
        settings: where the release, the sources and the artifacts lie.
        splits: `text`, `multimodal`.
        out: the package's folder; it may be missing, empty, or an earlier export.
        way: copies, or hard links to the originals.
        progress: told the stage, how much of it is done and how much there is.

    Raises:
        Fault: `out` holds something that no export wrote, another export is at work there, or something was not
            materialized or is damaged.
    """
    tell = progress or (lambda stage, done, total: None)
    out = out.resolve()
    _refuse_foreign(out)
    parts = {split: PARTS[split](settings, tell) for split in splits}
    facts = {split: part.facts for split, part in parts.items()}
    package = joined([*parts.values(), _beside(settings, facts, way)])
    fingerprint = package.fingerprint(way.name)
    if _is_current(out, package, fingerprint):
        return Exported(out, facts, len(package.targets), up_to_date=True)
    working = out.with_name(f"{WORKING}{out.name}")
    with sole_use(working, "exporting"):
        made = working / "package"
        try:
            _write(package, made, way, tell)
            _write_bytes(made / MARKER, json.dumps(_marker(package, fingerprint)).encode("utf-8"))
            os.sync()
            _publish(made, out)
        except OSError as error:  # its text may name a patient's file
            raise _cannot_write(out, error) from None
    with suppress(OSError):  # another export to the same place may be about to begin
        working.rmdir()
    return Exported(out, facts, len(package.targets), up_to_date=False)


def _cannot_write(out: Path, error: OSError) -> Fault:
    mend = "See whether the disk is full or the folder may not be written; the same command continues."
    if error.errno in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
        mend = "Hard links lead to the same file system only: export to that of the data, or leave out --link."
    return Fault(f"{out} cannot be written ({error.strerror or type(error).__name__}).", mend=mend)


def _beside(settings: Settings, facts: Mapping[str, Mapping[str, int]], way: Way) -> Package:
    """What a package has whatever its splits are: its description, the release's counts, and that Git shuns it."""
    counts = settings.release_root / FILE_NAME
    release = expected_counts(settings.release_root).release
    return Package(
        files=(PlacedFile(FILE_NAME, counts),) if counts.is_file() else (),
        texts={
            "README.md": readme(facts, release=release, way=way.name, has_counts=counts.is_file()),
            "metadata.json": metadata(facts, release=release),
            ".gitignore": b"*\n",
        },
    )


def _marker(package: Package, fingerprint: str) -> dict[str, object]:
    return {"format": FORMAT, "fingerprint": fingerprint, "files": sorted(package.targets)}


def _read_marker(folder: Path) -> dict[str, object] | None:
    try:
        found = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), list) else None


def _files_below(folder: Path) -> set[str]:
    """The paths of all files and links below a folder, with `/`; links are not followed."""
    return {
        (Path(above) / name).relative_to(folder).as_posix()
        for above, folders, names in os.walk(folder)
        for name in (*names, *(one for one in folders if (Path(above) / one).is_symlink()))
    }


def _refuse_foreign(out: Path) -> None:
    """Never touch what no export wrote, in a folder of another's as in an export's own."""
    if not out.exists() and not out.is_symlink():
        return
    marker = _read_marker(out) if out.is_dir() else None
    if marker is None:
        if out.is_dir() and not out.is_symlink() and not any(out.iterdir()):
            return
        raise Fault(
            f"{out} is there already and is no export (it has no {MARKER}).",
            mend="Name another folder with --out, or move that one away.",
        )
    files = marker["files"]
    assert isinstance(files, list)
    if strange := len(_files_below(out) - {*files, MARKER}):
        raise Fault(
            f"{out} is an export, but holds {strange:,} files that no export wrote.",
            mend="Move them out of it (results have no place in it), or name another folder with --out.",
        )


def _is_current(out: Path, package: Package, fingerprint: str) -> bool:
    """Whether `out` is an export of the same, with every file of its size."""
    marker = _read_marker(out)
    if marker is None or marker.get("format") != FORMAT or marker.get("fingerprint") != fingerprint:
        return False
    sizes = {file.target: file.source.stat().st_size for file in package.files}
    sizes |= {target: len(content) for target, content in package.texts.items()}
    return _files_below(out) == {*package.targets, MARKER} and all(
        (out / target).stat().st_size == size for target, size in sizes.items()
    )


def _write(package: Package, made: Path, way: Way, tell: Progress) -> None:
    """Bring the working folder to what the package is, from whatever a killed run left there."""
    private_folder(made).chmod(PRIVATE_FOLDER)
    for leftover in _files_below(made) - package.targets:
        (made / leftover).unlink()
    for done, file in enumerate(package.files, 1):
        place(file, made, way)
        tell("Files", done, len(package.files))
    for target, content in package.texts.items():
        _write_bytes(made / target, content)
    for target, name in package.aliases.items():
        (made / target).unlink(missing_ok=True)
        (made / target).symlink_to(name, target_is_directory=True)


def _write_bytes(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        with whole_file(path) as temporary:
            temporary.write_bytes(content)


def _publish(made: Path, out: Path) -> None:
    """Rename the finished package into its place; an earlier export is out of the way first, and removed last."""
    retired = out.with_name(f"{RETIRED}{out.name}-{uuid.uuid4().hex[:12]}")
    if out.exists():
        out.rename(retired)
    made.rename(out)
    for old in out.parent.glob(f"{RETIRED}{out.name}-*"):
        shutil.rmtree(old, ignore_errors=True)
