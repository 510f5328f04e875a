"""Where an X-ray and its report lie in a package of the benchmark: a rule of ids alone, whatever is on this disk.

The published databases had no path where the builder's disk had no file, so that two users got different evidence.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.cell_types import SOURCE_ROW
from clinseek_assets.mimic.extraction import Derivation
from clinseek_assets.mimic.record_bounds import line_told

PACKAGE = "mimic-cxr/2.0.0"
REPORTS = "mimic-cxr-reports"
# Published image ids are five groups of eight hexadecimal digits; a name with a slash in it would lead elsewhere.
IMAGE_ID = r"^[A-Za-z0-9-]+$"


def study_folder(subject_id: int, study_id: int) -> str:
    """A study's folder in a `files/` tree: `p19/p19990001/s59990001`."""
    return f"p{str(subject_id)[:2]}/p{subject_id}/s{study_id}"


def image_path(subject_id: int, study_id: int, image_id: str) -> str:
    """An X-ray's path as the release writes it, without the name of the upstream package."""
    return f"{PACKAGE}/files/{study_folder(subject_id, study_id)}/{image_id}.jpg"


def report_path(subject_id: int, study_id: int) -> str:
    """A report's path as the release writes it, without the name of the upstream package."""
    return f"{PACKAGE}/{REPORTS}/files/{study_folder(subject_id, study_id)}.txt"


def _fill(batch: pa.RecordBatch, where: str) -> pa.RecordBatch:
    """Write `image_path` and `report_path` of every row of `ehrxqa/tb_cxr`.

    Raises:
        SourceFault: an image_id is no name of an image.
    """
    named = pc.match_substring_regex(batch["image_id"], IMAGE_ID)
    if pc.all(named).as_py() is False:
        record = batch[SOURCE_ROW][pc.index(named, False).as_py()].as_py()
        raise SourceFault(
            f"{where}: record {record}, column image_id: the cell is not the name of an image.",
            mend=f"{line_told(record)} Build EHRXQA's tables again, or correct the record.",
        )
    subject = pc.cast(batch["subject_id"], pa.string())
    study = pc.cast(batch["study_id"], pa.string())
    folder = _joined("p", pc.utf8_slice_codeunits(subject, 0, 2), "/p", subject, "/s", study)
    filled = {
        "image_path": _joined(f"{PACKAGE}/files/", folder, "/", batch["image_id"], ".jpg"),
        "report_path": _joined(f"{PACKAGE}/{REPORTS}/files/", folder, ".txt"),
    }
    columns = [filled.get(name, column) for name, column in zip(batch.schema.names, batch.columns, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


STUDY_PATHS = Derivation("study paths 1", _fill)
