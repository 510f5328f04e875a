"""Whether data is open or credentialed. It is credentialed unless every file of it proves otherwise.

A file is open if its content is one of the open demo's files, or a signed voucher lists it: `SYNTHETIC.json` of the
synthetic generator in its folder or the nearest one above, or `<name>.voucher.json` beside it, which `clinseek
build-manifest` writes over inputs that are all open. What is made from several files is of the strictest class among
them: one file without proof, or one changed byte, makes all of it credentialed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from clinseek_assets.locations.settings import SYNTHETIC_MARK
from clinseek_assets.mimic.open_demo import open_demo_digests
from clinseek_assets.storage.atomic import write_text
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.storage.vouchers import Voucher, read_voucher, sign

DataClass = Literal["open", "credentialed"]

SYNTHETIC_PURPOSE = "clinseek-assets synthetic release"
BUILT_PURPOSE = "clinseek-assets manifest built from open data"


@dataclass(frozen=True)
class Standing:
    """What class data is of, and the sentence that says why."""

    data_class: DataClass
    reason: str


def classify(files: Iterable[Path]) -> Standing:
    """The class of data that is made from all of `files`.

    The smallest files are looked at first and the first one without proof settles it, so that a large credentialed
    dataset is not read through to learn that it is one. A file is read again only when it, or who vouches for it, has
    changed since.
    """
    files = sorted(set(files), key=_size)
    if not files:
        return Standing("credentialed", "There is no data that could prove to be open.")
    return _standing(tuple(Seen(path, tuple(map(_written, (path, *_vouchers_of(path))))) for path in files))


def voucher_file(path: Path) -> Path:
    """Where the voucher of a file that was made from open data lies."""
    return path.with_name(f"{path.stem}.voucher.json")


def vouch_if_open(made: Path, inputs: Mapping[str, Path], content: Mapping[str, Any]) -> Path | None:
    """Write the voucher of a file that was made from these inputs, if all of them are open.

    A voucher of an earlier file of that name is removed first: it says nothing of this one.

    Args:
        made: the file.
        inputs: name -> file; all that its rows were made from.
        content: what else the voucher shall hold.

    Returns:
        The voucher's path; None where an input is credentialed and nothing was written.
    """
    voucher = voucher_file(made)
    voucher.unlink(missing_ok=True)
    if classify(inputs.values()).data_class != "open":
        return None
    told = {**content, "inputs": {name: of_file(path) for name, path in inputs.items()}}
    write_text(voucher, json.dumps(sign(BUILT_PURPOSE, told, {made.name: of_file(made)}), indent=1) + "\n")
    return voucher


@dataclass(frozen=True)
class Seen:
    """A file, and what the file system says of it and of those that may vouch for it (see `_written`)."""

    path: Path
    stamps: tuple[tuple[int, int] | None, ...]


@lru_cache(maxsize=16)
def _standing(files: tuple[Seen, ...]) -> Standing:
    """As `classify`; the stamps beside the paths keep what was learnt of other contents from being reused."""
    read: dict[Path, Voucher | None] = {}
    for path in (seen.path for seen in files):
        if not path.is_file():
            return Standing("credentialed", f"{path} is not there.")
        if not _is_open(path, read):
            return Standing(
                "credentialed",
                f"{path} is neither a file of the open demo as PhysioNet publishes it, nor does a signed voucher of "
                "synthetic or open data list it as it is.",
            )
    return Standing("open", f"Each of the {len(files)} files is of the open demo or vouched for as synthetic or open.")


def _is_open(path: Path, read: dict[Path, Voucher | None]) -> bool:
    digest = of_file(path)
    if digest in open_demo_digests():
        return True
    for place in _vouchers_of(path):
        if place not in read:
            purpose = SYNTHETIC_PURPOSE if place.name == SYNTHETIC_MARK else BUILT_PURPOSE
            read[place] = read_voucher(place, purpose)
        voucher = read[place]
        if voucher is not None and digest in voucher.digests:
            return True
    return False


def _vouchers_of(path: Path) -> list[Path]:
    """The files that may vouch for a file: the one beside it, and the nearest record of the generator."""
    nearest = next((above for above in path.resolve().parents if (above / SYNTHETIC_MARK).is_file()), None)
    return [voucher_file(path), *([nearest / SYNTHETIC_MARK] if nearest else [])]


def _written(path: Path) -> tuple[int, int] | None:
    """Size and time of last change; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _size(path: Path) -> tuple[int, Path]:
    stamp = _written(path)
    return (stamp[0] if stamp else -1), path
