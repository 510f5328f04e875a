"""The generator's own record of a release: what it wrote, file by file, so that others can tell that it is synthetic.

`SYNTHETIC.json` lies in `release/` and in `sources/`, the same in both. Its signature covers all of its content, and
the content covers every file's SHA-256. It guards against mixing up and changed files. It is no proof against somebody
who wants to pass real data off as synthetic: whoever needs that makes the release anew from its seed and compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.storage.fingerprint import of_file, of_value

RECORD_FILE = "SYNTHETIC.json"
PURPOSE = "clinseek-assets synthetic release"


@dataclass(frozen=True)
class Record:
    """A record that was read: its content, and whether its signature fits it."""

    content: dict[str, Any]
    signed: bool

    @property
    def files(self) -> dict[str, str]:
        """Path below the folder that holds `release/` and `sources/` -> SHA-256."""
        return dict(self.content["files"])

    def vouches_for(self, path: Path) -> bool:
        """Whether a file's content is among what the generator wrote, wherever the file lies now."""
        return self.signed and of_file(path) in set(self.files.values())


def signature_of(content: dict[str, Any]) -> str:
    """SHA-256 over the purpose and the canonical content, the signature itself left out."""
    return of_value([PURPOSE, {key: value for key, value in content.items() if key != "signature"}])


def write_records(root: Path, content: dict[str, Any], folders: Iterable[str]) -> None:
    """Sign `content` with the hashes of all files below the folders of `root`, and put it into each of the folders."""
    folders = list(folders)
    files = {
        path.relative_to(root).as_posix(): of_file(path)
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.name != RECORD_FILE
    }
    signed = {"purpose": PURPOSE, **content, "files": files}
    signed["signature"] = signature_of(signed)
    for folder in folders:
        (root / folder / RECORD_FILE).write_text(json.dumps(signed, indent=1) + "\n", encoding="utf-8")


def read_record(folder: Path) -> Record | None:
    """The record in a folder, or None where there is none or it is not one."""
    try:
        content = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("purpose") != PURPOSE or not isinstance(content.get("files"), dict):
        return None
    return Record(content, signed=content.get("signature") == signature_of(content))


def all_synthetic(files: Iterable[Path]) -> bool:
    """Whether the generator's records vouch for every one of `files`: then what is made from them is of no person.

    The record looked into is the one in the file's folder or the nearest folder above. A file without a record, or
    changed after it was written, is taken for real data; so is the lack of any file.
    """
    records: dict[Path, Record | None] = {}
    files = list(files)
    for file in files:
        folder = next((above for above in file.resolve().parents if (above / RECORD_FILE).is_file()), None)
        if folder is None:
            return False
        if folder not in records:
            records[folder] = read_record(folder)
        record = records[folder]
        if record is None or not record.vouches_for(file):
            return False
    return bool(files)


def changed_files(root: Path, record: Record) -> list[str]:
    """The recorded files below `root` that are gone or have another content; other files do not count."""
    return [
        name for name, digest in record.files.items() if not (root / name).is_file() or of_file(root / name) != digest
    ]
