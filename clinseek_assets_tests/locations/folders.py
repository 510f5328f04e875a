"""Source folders as they lie on disks, for tests: headers only, no rows."""

import gzip
from pathlib import Path

from clinseek_assets.mimic.catalogue import TABLES


def lay_module(folder: Path, module: str, *, without: tuple[str, ...] = ()) -> Path:
    """A module's folder with every table's header; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES.values():
        if table.module == module and table.name not in without:
            with gzip.open(folder / f"{table.name}.csv.gz", "wt") as stream:
                stream.write(",".join(table.column_names) + "\n")
    return folder


def lay_root(root: Path, *modules: str) -> Path:
    """One folder a module under a merged root; return the root."""
    for module in modules:
        lay_module(root / module, module)
    return root
