"""Whether every linked X-ray is there, decodes, and is the one that was linked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas
import pyarrow as pa

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.links import image_links
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.troubles import OK
from clinseek_assets.imaging.verifier import Verifier
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import ReleaseCheck, by_state, count, warned
from clinseek_assets.release.linked_paths import PATH_STATES
from clinseek_assets.release.scope import Scope

LINKS = "image_links"
WHAT = "multimodal: linked images"
# What can be wrong with a linked image -> what the others are, in the order in which it is told.
IMAGE_STATES = {
    "missing": "that are there",
    "outside_root": "inside their root",
    "empty": "with content",
    "wrong_type": "that are JPEG",
    "truncated": "that are whole",
    "bomb": "of a size that an X-ray can have",
    "cmyk": "without colours of a print",
    "sixteen_bit": "of 8 bits a channel",
    "unreadable": "that can be read and decoded",
}


def verifications(layout: Layout) -> Path:
    """Where it is kept what files proved to be, so that only what changed is decoded again."""
    return layout.links(LINKS, "verified").with_suffix(".sqlite")


def image_files(settings: Settings) -> ImageFiles:
    """Where linked images are looked for."""
    return ImageFiles([settings.mimic_cxr_jpg_root, settings.mimic_cxr_root, settings.release_root])


def image_checks(questions: Sequence[Question], scope: Scope) -> Iterator[ReleaseCheck]:
    """Whether every linked X-ray is there and decodes, and what `image_links` and the metadata list say of it.

    Paths that cannot be of their row are told by `linked_paths.path_checks` and play no part here.

    Args:
        questions: of the multimodal manifest.
        scope: where the images and the artifacts lie, and which links must be there.
    """
    layout, files = scope.layout, image_files(scope.settings)
    found = image_links(questions, files, Verifier(verifications(layout)), {}, scope.stage("Linked X-rays"))
    found = found[~found["status"].isin(list(PATH_STATES))]
    images = found.drop_duplicates("released_path")
    failing = {str(state): places(rows) for state, rows in images.groupby("status")}
    yield from by_state(WHAT, IMAGE_STATES, len(images), failing)
    yield from as_linked("image", found[found["subtask"].isin(scope.subtasks(LINKS, questions))], layout)
    yield from _as_listed(images, layout.dataset_table("mimic_cxr", "metadata"))


def places(rows: pandas.DataFrame) -> list[str]:
    """The rows of a frame of links, each once, as checks name them."""
    return [f"row {number}" for number in dict.fromkeys(rows["row_number"].tolist())]


def _kept_links(layout: Layout, what: str) -> pandas.DataFrame:
    """The links that the graph kept, over all groups whose file is there and can be read."""
    wanted = ["qid", "position", "released_path", "sha256"]
    frames = []
    for group in GROUPS:
        try:
            frames.append(pandas.read_parquet(layout.links(what, group), columns=wanted))
        except (OSError, ValueError, pa.ArrowException):
            continue
    return pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame(columns=wanted)


def as_linked(thing: str, found: pandas.DataFrame, layout: Layout) -> Iterator[ReleaseCheck]:
    """Whether the graph kept each link, and whether each usable file is still what was kept of it.

    Args:
        thing: `image` or `report`.
        found: the links as they are now: qid, row_number, position, released_path, status, sha256.
        layout: where the graph keeps its links.
    """
    kept = _kept_links(layout, f"{thing}_links")
    keys = ["qid", "position", "released_path"]
    both = found.merge(kept.drop_duplicates(keys), on=keys, how="left", suffixes=("", "_kept"), indicator=True)
    unlinked = both[both["_merge"] != "both"]
    yield count(f"multimodal: {thing}_links of all links", len(both), len(both) - len(unlinked), places(unlinked))
    usable = both[(both["status"] == OK) & (both["_merge"] == "both")]
    changed = usable[(usable["sha256"] != usable["sha256_kept"]).fillna(True).astype(bool)]
    name = f"multimodal: linked {thing}s that are as {thing}_links has them"
    yield count(name, len(usable), len(usable) - len(changed), places(changed))


def _as_listed(images: pandas.DataFrame, metadata: Path) -> Iterator[ReleaseCheck]:
    """What the metadata list of MIMIC-CXR-JPG says of the usable images; nothing where it was not extracted.

    An image that is not listed, or under another patient or study, fails. One of other pixels than listed is told only:
    no source says that the JPGs keep the size of the DICOM files that the list describes.
    """
    columns = ["dicom_id", "subject_id", "study_id", "Rows", "Columns"]
    try:
        listed = pandas.read_parquet(metadata, columns=columns)
    except (OSError, ValueError, pa.ArrowException):
        return
    usable = images[images["status"] == OK]
    keys = ["dicom_id", "subject_id", "study_id"]
    both = usable.merge(listed.drop_duplicates(keys), on=keys, how="left", indicator=True)
    unlisted = both[both["_merge"] != "both"]
    name = f"{WHAT} that the metadata list has for their patient and study"
    yield count(name, len(both), len(both) - len(unlisted), places(unlisted))
    known = both[both["Rows"].notna() & both["Columns"].notna()]
    differs = (known["height"] != known["Rows"]) | (known["width"] != known["Columns"])
    other = known[differs.fillna(False).astype(bool)]
    yield warned(
        f"{WHAT} of the pixels that the metadata list tells", len(known), len(known) - len(other), places(other)
    )
