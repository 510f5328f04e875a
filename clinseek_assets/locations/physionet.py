"""How the source datasets lie on a disk: as PhysioNet's download leaves them, unpacked, merged under one root, or flat.

A module's folder is known by what is in it (a file of one of the module's tables), never by its name alone, so an
empty folder or one of another dataset is not taken for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.faults import SettingsFault
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.source_files import SUFFIXES

VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True)
class Dataset:
    """A dataset as PhysioNet publishes it.

    Attributes:
        slug: its folder below `files/` of a recursive download.
        title: its name on its page.
        versions: the versions that this project knows, the one that the benchmark was built from first.
        modules: the MIMIC-IV modules that it holds.
        archive: how the folder's name begins when the zip archive is unpacked instead (the version follows).
    """

    slug: str
    title: str
    versions: tuple[str, ...]
    modules: tuple[str, ...] = ()
    archive: str = ""

    @property
    def url(self) -> str:
        """The dataset's official page."""
        return f"https://physionet.org/content/{self.slug}/"


MIMIC_IV = Dataset("mimiciv", "MIMIC-IV", ("3.1", "3.0", "2.2", "2.1", "2.0", "1.0"), ("hosp", "icu"), "mimic-iv-")
MIMIC_IV_DEMO = Dataset(
    "mimic-iv-demo",
    "MIMIC-IV Clinical Database Demo",
    ("2.2", "2.1", "2.0"),
    ("hosp", "icu"),
    "mimic-iv-clinical-database-demo-",
)
MIMIC_IV_NOTE = Dataset(
    "mimic-iv-note",
    "MIMIC-IV-Note",
    ("2.2",),
    ("note",),
    "mimic-iv-note-deidentified-free-text-clinical-notes-",
)
MIMIC_IV_ED = Dataset("mimic-iv-ed", "MIMIC-IV-ED", ("2.2", "2.0", "1.0"), ("ed",), "mimic-iv-ed-")
MIMIC_CXR = Dataset("mimic-cxr", "MIMIC-CXR Database", ("2.0.0", "2.1.0"))
MIMIC_CXR_JPG = Dataset("mimic-cxr-jpg", "MIMIC-CXR-JPG", ("2.0.0", "2.1.0"))
EHRXQA = Dataset("ehrxqa", "EHRXQA", ("1.0.0",))

# The demo comes last: it stands in only where the full dataset is not there.
MIMIC_DATASETS = (MIMIC_IV, MIMIC_IV_NOTE, MIMIC_IV_ED, MIMIC_IV_DEMO)


@dataclass(frozen=True)
class Release:
    """One version of a dataset on disk: its folder, and what there is to say about the choice."""

    dataset: Dataset
    folder: Path
    version: str
    notices: tuple[str, ...] = ()


def holds_tables(folder: Path, module: str) -> bool:
    """Whether a file of one of the module's tables lies in `folder` itself."""
    names = (table.name for table in TABLES.values() if table.module == module)
    return readable(folder) and any((folder / f"{name}{end}").is_file() for name in names for end in SUFFIXES)


def readable(folder: Path) -> bool:
    """Whether it is a folder that this user may look into."""
    return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)


def find_modules(root: Path) -> dict[str, Path]:
    """The folders of the MIMIC-IV modules (`ed`, `hosp`, `icu`, `note`) below `root`.

    `root` may hold one folder a module, be a module's own folder, hold all tables flat, hold version folders
    (`2.2/note`), or be a PhysioNet download (`physionet.org/files/mimiciv/3.1/hosp`). The nearest place wins.

    Raises:
        SettingsFault: `root` is not a folder, or holds no table of any module.
    """
    if not root.is_dir():
        kind = "a file, not a folder" if root.exists() else "not there"
        raise SettingsFault(f"The MIMIC-IV root {root} is {kind}.", mend="Name the folder that holds hosp/ and icu/.")
    found = modules_below(root)
    if not found:
        raise SettingsFault(
            f"No table of MIMIC-IV was found below {root}.",
            mend="Name the folder that holds hosp/, icu/, and where you have them ed/ and note/, "
            "with files such as hosp/patients.csv.gz.",
        )
    return found


def modules_below(root: Path) -> dict[str, Path]:
    """As `find_modules`, but an empty answer where there is nothing.

    Modules of one dataset come from one place: hosp of one version beside icu of another, or of the demo, would mix
    patients.
    """
    found: dict[str, Path] = {}
    for modules in (("ed",), ("hosp", "icu"), ("note",)):
        for place in places(root, modules):
            inside = {module: module_in(place, module) for module in modules}
            if any(inside.values()):
                found |= {module: folder for module, folder in inside.items() if folder}
                break
    return found


def places(root: Path, modules: tuple[str, ...]) -> Iterator[Path]:
    """Where these modules may lie together below `root`: itself, its version folders, a download's folders."""
    yield root
    versions = version_folders(root)
    yield from (versions[version] for version in sorted(versions, key=version_rank(MIMIC_IV.versions)))
    for dataset in MIMIC_DATASETS:
        if dataset.modules == modules and (release := find_release(root, dataset)):
            yield release.folder


def choices_made(root: Path, modules: dict[str, Path]) -> list[str]:
    """What there is to say about which of several versions below `root` the found `modules` come from."""
    notices: list[str] = []
    for dataset in MIMIC_DATASETS:
        release = find_release(root, dataset)
        if release and any(folder.is_relative_to(release.folder) for folder in modules.values()):
            notices += release.notices
    for version, folder in version_folders(root).items():
        others = [
            other for other, beside in version_folders(root).items() if other != version and modules_below(beside)
        ]
        if others and any(found.is_relative_to(folder) for found in modules.values()):
            notices.append(f"{root}: version {version} is used; {', '.join(others)} beside it is left alone.")
    return notices


def module_in(folder: Path, module: str) -> Path | None:
    """The module's folder where `folder` is it, holds it, or holds the module's tables flat; else None."""
    return next((place for place in (folder / module, folder) if holds_tables(place, module)), None)


def version_folders(folder: Path) -> dict[str, Path]:
    """The folders in `folder` whose whole name is a version, by that version."""
    if not readable(folder):
        return {}
    return {path.name: path for path in sorted(folder.iterdir()) if path.is_dir() and VERSION.fullmatch(path.name)}


def find_release(root: Path, dataset: Dataset) -> Release | None:
    """The version of `dataset` to use below a download's root; None where there is none.

    Of several versions side by side the first of those that this project knows is taken, and a notice says so.
    """
    found: dict[str, Path] = {}
    for folder in download_folders(root):
        found = {**version_folders(folder / dataset.slug), **found}
        for prefix in (f"{dataset.slug}-", dataset.archive):
            for path in sorted(folder.glob(f"{prefix}*")) if prefix and readable(folder) else ():
                version = path.name.removeprefix(prefix)
                if path.is_dir() and VERSION.fullmatch(version):
                    found.setdefault(version, path)
    if dataset.modules:
        found = {
            version: folder
            for version, folder in found.items()
            if any(module_in(folder, module) for module in dataset.modules)
        }
    if not found:
        return None
    version, *others = sorted(found, key=version_rank(dataset.versions))
    notices = []
    if others:
        notices.append(f"{dataset.title}: version {version} is used; {', '.join(others)} beside it is left alone.")
    if version not in dataset.versions:
        notices.append(f"{dataset.title}: version {version} is not one that this project knows.")
    return Release(dataset, found[version], version, tuple(notices))


def download_folders(root: Path) -> Iterator[Path]:
    """The places below `root` in which a download may hold its datasets, the nearest first."""
    yield root
    yield root / "files"
    yield root / "physionet.org" / "files"


def version_rank(known: tuple[str, ...]) -> Callable[[str], tuple[int, tuple[int, ...]]]:
    """A sort key for versions: the known ones in their order, then the others, the highest first."""

    def rank(version: str) -> tuple[int, tuple[int, ...]]:
        place = known.index(version) if version in known else len(known)
        return place, tuple(-int(part) for part in version.split("."))

    return rank


def is_open_demo(folder: Path) -> bool:
    """Whether a module's folder belongs to the open MIMIC-IV demo: its list of patients lies beside the modules."""
    return any((place / "demo_subject_id.csv").is_file() for place in (folder, folder.parent))


def version_in_path(folder: Path) -> str | None:
    """The version that a folder's path tells (`…/mimiciv/3.1/hosp`, `…/mimic-iv-demo-2.2/hosp`), or None."""
    for name in (folder.name, folder.parent.name):
        if VERSION.fullmatch(name):
            return name
        if match := re.search(rf"(?:mimic|ehrxqa).*-v?({VERSION.pattern})$", name, re.IGNORECASE):
            return match.group(1)
    return None
