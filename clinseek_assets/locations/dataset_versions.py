"""Which versions the multimodal sources are of, and whether they go together.

MIMIC-CXR-JPG names its lists 2.0.0 in both of its versions, so a list's name tells nothing; what tells is the folder's
name, or a file that only version 2.1.0 has. MedMod's folders tell which MIMIC-IV they were built from by a column:
`ethnicity` became `race` in MIMIC-IV 2.0.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.locations.physionet import EHRXQA, MIMIC_CXR, MIMIC_CXR_JPG, Dataset, version_in_path
from clinseek_assets.locations.settings import Settings, synthetic_bundle
from clinseek_assets.mimic.multimodal.dataset_files import MEDMOD_PARTS, find_medmod_subjects
from clinseek_assets.mimic.source_files import SUFFIXES

SYNTHETIC, UNKNOWN = "synthetic", "unknown"
# A file that a dataset has from version 2.1.0 on.
NEW_IN_2_1_0 = {MIMIC_CXR: "cxr-provider-list.csv.gz", MIMIC_CXR_JPG: "mimic-cxr-2.1.0-test-set-labeled.csv"}
# EHRXQA's own documentation says what it was made from; its tables do not.
EHRXQA_FROM = "2.2"
MEDMOD_FROM = {"ethnicity": "1.0 or older", "race": "2.0 or newer"}
MEDMOD_EXPECTS = MEDMOD_FROM["ethnicity"]


@dataclass(frozen=True)
class DatasetVersions:
    """The versions of the multimodal sources, each None where the dataset is not named, `unknown` or `synthetic`.

    Attributes:
        mimic_cxr, mimic_cxr_jpg, ehrxqa: the datasets' own.
        medmod: the version of MIMIC-IV that MedMod's folders were built from.
    """

    mimic_cxr: str | None = None
    mimic_cxr_jpg: str | None = None
    ehrxqa: str | None = None
    medmod: str | None = None

    def told(self) -> dict[str, str]:
        """Dataset -> its version in words, of those that are named."""
        named = {
            "MIMIC-CXR": self.mimic_cxr,
            "MIMIC-CXR-JPG": self.mimic_cxr_jpg,
            "EHRXQA": f"{self.ehrxqa}, of MIMIC-IV {EHRXQA_FROM}" if self.ehrxqa else None,
            "MedMod": f"of MIMIC-IV {self.medmod}" if self.medmod else None,
        }
        synthetic = {"EHRXQA": self.ehrxqa == SYNTHETIC, "MedMod": self.medmod == SYNTHETIC}
        return {name: SYNTHETIC if synthetic.get(name) else told for name, told in named.items() if told}


def versions_of(settings: Settings) -> DatasetVersions:
    """Look which versions the named folders are of; only names and one header line are looked at."""
    return DatasetVersions(
        mimic_cxr=_version(settings.mimic_cxr_root, MIMIC_CXR),
        mimic_cxr_jpg=_version(settings.mimic_cxr_jpg_root, MIMIC_CXR_JPG),
        ehrxqa=_version(settings.ehrxqa_root, EHRXQA),
        medmod=_medmod_from(settings.medmod_root),
    )


def mismatches(versions: DatasetVersions) -> list[str]:
    """What does not go together, a sentence each; empty where nothing speaks against it."""
    return [*_mixed_origins(versions), *_unlike_versions(versions)]


def _mixed_origins(versions: DatasetVersions) -> Iterator[str]:
    told = versions.told()
    synthetic = [name for name, version in told.items() if version == SYNTHETIC]
    if synthetic and len(synthetic) < len(told):
        others = ", ".join(name for name in told if name not in synthetic)
        yield f"{', '.join(synthetic)}: synthetic, but {others} not: no patient would match."


def _unlike_versions(versions: DatasetVersions) -> Iterator[str]:
    reports, images = versions.mimic_cxr, versions.mimic_cxr_jpg
    known = {UNKNOWN, SYNTHETIC, None}
    if reports not in known and images not in known and reports != images:
        yield f"MIMIC-CXR is of version {reports} and MIMIC-CXR-JPG of version {images}: name folders of one version."
    for dataset, version in ((MIMIC_CXR, reports), (MIMIC_CXR_JPG, images), (EHRXQA, versions.ehrxqa)):
        if version not in known and version not in dataset.versions:
            yield f"{dataset.title}: version {version} is not one that this project knows."
    if versions.medmod not in known and versions.medmod != MEDMOD_EXPECTS:
        yield (
            f"MedMod's folders were built from MIMIC-IV {versions.medmod} (their stays have race); MedMod's own code "
            "reads version 1.0, so that stays and labels may differ: see the check «agreement» of medmod/tb_cxr."
        )


def _version(root: Path | None, dataset: Dataset) -> str | None:
    if root is None:
        return None
    if synthetic_bundle(root):
        return SYNTHETIC
    if version := version_in_path(root):
        return version
    new = NEW_IN_2_1_0.get(dataset)
    return "2.1.0" if new and (root / new).is_file() else UNKNOWN


def _medmod_from(root: Path | None) -> str | None:
    """The version of MIMIC-IV by the header of MedMod's list of stays, or of the first patient's."""
    if root is None:
        return None
    if synthetic_bundle(root):
        return SYNTHETIC
    subjects = find_medmod_subjects(root)
    header = next(filter(None, map(_header, _stays_files(subjects))), frozenset()) if subjects else frozenset()
    return next((version for column, version in MEDMOD_FROM.items() if column in header), UNKNOWN)


def _stays_files(subjects: Path) -> Iterator[Path]:
    """Files with the columns of stays, until one serves: the list of all, then one patient's of each part."""
    yield from (subjects / f"all_stays{suffix}" for suffix in SUFFIXES)
    for part in MEDMOD_PARTS:
        yield from (path for suffix in SUFFIXES for path in sorted((subjects / part).glob(f"*/stays{suffix}"))[:1])


def _header(path: Path) -> frozenset[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            return frozenset(next(csv.reader(lines), []))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error):
        return frozenset()
