"""Write the pages that are made from the code into `docs/`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from clinseek_assets.build import build
from clinseek_assets.faults import Fault
from clinseek_assets.handbook.pages import pages
from clinseek_assets.handbook.subject import nothing_named
from clinseek_assets.locations.settings import project_folder


def main() -> None:
    """Write each page whose text is another than the one that lies there."""
    docs = project_folder() / "docs"
    with tempfile.TemporaryDirectory() as home:
        made = pages(build(nothing_named(Path(home))))
    for name, text in made.items():
        path = docs / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"docs/{name}")


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(f"clinseek: {fault}")
