"""What can be wrong with a linked X-ray or report: one word a kind, what it means, and what to do about it.

The words stand in the `status` column of `image_links` and `report_links`; a row that is as it should be has `ok`.
"""

from __future__ import annotations

from dataclasses import dataclass

from clinseek_assets.faults import Fault

OK = "ok"


@dataclass(frozen=True)
class Trouble:
    """One kind of trouble.

    Attributes:
        meaning: what is wrong, without any value of the row.
        mend: what the user can do about it.
    """

    meaning: str
    mend: str


_PATH_MEND = "Take the path as the release has it; a manifest that was edited by hand may hold such a path."
_FILE_MEND = "Download this file again from PhysioNet and compare it with SHA256SUMS.txt there."

TROUBLES: dict[str, Trouble] = {
    "not_a_path": Trouble(
        "the linked path is not of the form …/files/pNN/p<subject>/s<study>/<dicom>.jpg (reports: …/s<study>.txt)",
        _PATH_MEND,
    ),
    "foreign_prefix": Trouble("the linked path carries the package name of another dataset", _PATH_MEND),
    "wrong_patient": Trouble("the linked path is that of another patient than the row's", _PATH_MEND),
    "missing": Trouble(
        "no file is there under any layout of the given roots",
        "Download it (`clinseek doctor --fetch-list FILE` writes what is needed), or correct MIMIC_CXR_JPG_ROOT and "
        "MIMIC_CXR_ROOT.",
    ),
    "outside_root": Trouble(
        "the file is a link that leads out of its root", "Name the folder that it leads to as the root itself."
    ),
    "empty": Trouble("the file has no content", _FILE_MEND),
    "truncated": Trouble("the file ends before its image does", _FILE_MEND),
    "wrong_type": Trouble(
        "the content is no JPEG whatever the name says (a PNG, or a web page that a download left)", _FILE_MEND
    ),
    "bomb": Trouble("it is, or claims to be, far larger than any chest X-ray", _FILE_MEND),
    "cmyk": Trouble("its colours are CMYK, as of a print and not of an X-ray", _FILE_MEND),
    "sixteen_bit": Trouble(
        "it has more than 8 bits a channel", "Use MIMIC-CXR-JPG's own files, which have 8, not a conversion."
    ),
    "changed": Trouble("its content is not what was verified any more", "Bring image_links up to date."),
    "unreadable": Trouble("it cannot be read or decoded", f"Check its permissions. {_FILE_MEND}"),
}
STATUSES = (OK, *TROUBLES)


class ImageFault(Fault):
    """A linked X-ray or report cannot be used.

    Args:
        kind: one of `TROUBLES`.
        where: what it is about, without a patient's value: "row 12, image 1".
    """

    def __init__(self, kind: str, where: str = "A linked file") -> None:
        trouble = TROUBLES[kind]
        super().__init__(f"{where}: {trouble.meaning}.", mend=trouble.mend)
        self.kind = kind
