"""The one resolver of linked X-rays: from a released path to the file on this disk.

Layouts, under the JPG root before the CXR root before a rebuilt package: PhysioNet's nested `files/` tree in the root
itself or below a version or dataset folder, the places where the published scripts look, one flat folder, and
`data/mm_bench/<dataset>/` of the released package. Which of these a root has is looked up once; an image then costs one
listing of its study's folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from clinseek_assets.imaging.released_paths import ReleasedImage, read_image_path
from clinseek_assets.imaging.troubles import ImageFault

TREE = "files"
# Source of the first six: the published search order; the others are where a recursive download leaves its files.
ABOVE_THE_TREE = (
    "",
    "mimic-cxr/2.0.0",
    "2.0.0",
    "2.1.0",
    "2.1.0-lite",
    "2.1.0-working-subset",
    "mimic-cxr/2.1.0",
    "mimic-cxr-jpg/2.1.0",
    "mimic-cxr-jpg/2.0.0",
    *(
        f"{above}files/{dataset}/{version}"
        for above in ("", "physionet.org/")
        for dataset in ("mimic-cxr-jpg", "mimic-cxr")
        for version in ("2.1.0", "2.0.0")
    ),
)
PACKAGE = "mm_bench/{dataset}/mimic-cxr/2.0.0"
ABOVE_THE_PACKAGE = ("", "data/")
FLAT_FOLDERS = ("mimic-cxr2", "")
IMAGE, DICOM = ".jpg", ".dcm"


class _Root:
    """One root: which layouts it has, and what lies in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trees: dict[str, tuple[Path, ...]] = {}
        self._listed: dict[Path, frozenset[str]] = {}

    @cached_property
    def real(self) -> Path:
        return self._folder.resolve()

    def candidates(self, image: ReleasedImage, ending: str) -> Iterator[Path]:
        """The files that can be this image, in the order of layouts; all of them are there."""
        name = f"{image.dicom_id}{ending}"
        for tree in self._trees_of(image.dataset):
            if name in self._names(study := tree / image.folder):
                yield study / name
        name = f"{image.flat_name}{ending}"
        for folder in FLAT_FOLDERS:
            if name in self._names(flat := self._folder / folder):
                yield flat / name

    def _trees_of(self, dataset: str) -> tuple[Path, ...]:
        if dataset not in self._trees:
            package = PACKAGE.format(dataset=dataset)
            places = (*ABOVE_THE_TREE, *(f"{above}{package}" for above in ABOVE_THE_PACKAGE))
            trees = (self._folder / place / TREE for place in places)
            self._trees[dataset] = tuple(tree for tree in trees if tree.is_dir())
        return self._trees[dataset]

    def _names(self, folder: Path) -> frozenset[str]:
        if folder not in self._listed:
            try:
                with os.scandir(folder) as entries:
                    self._listed[folder] = frozenset(entry.name for entry in entries)
            except (FileNotFoundError, NotADirectoryError):
                self._listed[folder] = frozenset()
            except OSError:
                raise ImageFault("unreadable") from None
        return self._listed[folder]


class ImageFiles:
    """Finds the files of linked images. It remembers what folders hold: make a new one for each run.

    Args:
        roots: where images may lie, in the order in which they are searched: usually those of MIMIC-CXR-JPG, of
            MIMIC-CXR, and of a rebuilt package; None is skipped.
    """

    def __init__(self, roots: Iterable[Path | None]) -> None:
        self._roots = [_Root(root) for root in dict.fromkeys(roots) if root is not None]

    def find(self, released: str, dataset: str, subject_id: int) -> Path:
        """The file that a released path of a row stands for.

        Args:
            released: the path as the manifest has it.
            dataset, subject_id: those of the row.

        Raises:
            ImageFault: the path is not one of this row (`not_a_path`, `foreign_prefix`, `wrong_patient`); else as
                `file`.
        """
        return self.file(read_image_path(released, dataset, subject_id))

    def file(self, image: ReleasedImage) -> Path:
        """The file of an image.

        Raises:
            ImageFault: there is none (`missing`), it leads out of its root (`outside_root`), or a folder on the way
                cannot be read (`unreadable`).
        """
        path = self._file(image, IMAGE)
        if path is None:
            raise ImageFault("missing")
        return path

    def dicom(self, image: ReleasedImage) -> Path | None:
        """The DICOM file of an image, where one lies in a root.

        Raises:
            ImageFault: it leads out of its root, or cannot be looked for.
        """
        return self._file(image, DICOM)

    def _file(self, image: ReleasedImage, ending: str) -> Path | None:
        for root in self._roots:
            for path in root.candidates(image, ending):
                try:
                    real = path.resolve(strict=True)
                except (OSError, RuntimeError):  # a link to nothing, or to itself
                    continue
                if not real.is_relative_to(root.real):
                    raise ImageFault("outside_root")
                return path
        return None
