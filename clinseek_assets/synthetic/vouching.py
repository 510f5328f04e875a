"""The generator's own record of a release: what it wrote, file by file, so that others can tell that it is synthetic.

`SYNTHETIC.json` lies in `release/` and in `sources/`, the same in both. Whoever needs a proof against forgery makes the
release anew from its seed and compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clinseek_assets.locations.data_class import SYNTHETIC_PURPOSE
from clinseek_assets.locations.settings import SYNTHETIC_MARK
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.storage.vouchers import Voucher, read_voucher, sign

RECORD_FILE = SYNTHETIC_MARK


def write_records(root: Path, content: dict[str, Any], folders: Iterable[str]) -> None:
    """Sign `content` with the hashes of all files below the folders of `root`, and put it into each of the folders."""
    folders = list(folders)
    files = {
        path.relative_to(root).as_posix(): of_file(path)
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.name != RECORD_FILE
    }
    signed = sign(SYNTHETIC_PURPOSE, content, files)
    for folder in folders:
        record = root / folder / RECORD_FILE
        record.unlink(missing_ok=True)  # it may be a link to the record of the release that this one is made of
        record.write_text(json.dumps(signed, indent=1) + "\n", encoding="utf-8")


def read_record(folder: Path) -> Voucher | None:
    """The record in a folder, or None where there is none or it is not one."""
    return read_voucher(folder / RECORD_FILE, SYNTHETIC_PURPOSE)


def changed_files(root: Path, record: Voucher) -> list[str]:
    """The recorded files below `root` that are gone or have another content; other files do not count."""
    return [
        name for name, digest in record.files.items() if not (root / name).is_file() or of_file(root / name) != digest
    ]
