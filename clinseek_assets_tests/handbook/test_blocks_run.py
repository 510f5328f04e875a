"""The documentation's commands, carried out page by page in the order of reading, in a folder that is like a checkout.

The folder's `.venv`, `Makefile` and `models.yaml` are the checkout's own; its home is the folder's `.clinseek`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from clinseek_assets_tests.handbook.blocks import BLOCKS, PROJECT, REFERENCE, Block

LENT = (".venv", "Makefile", "models.yaml", "clinseek_assets", "docs")
# What `make` sets the environment up from. Older than anything here, so that nothing is installed out of this folder.
SET_UP_FROM = ("pyproject.toml", "constraints.txt")
DEMO = os.environ.get("MIMIC_DEMO_ROOT")
LONGEST = 3600
set_up = pytest.mark.skipif(not (PROJECT / ".venv" / "installed").exists(), reason="`make` has set nothing up here")


def runnable(remark: str) -> Iterator[tuple[str, list[Block]]]:
    """The blocks under a remark, or under none, that can be carried out, by page."""
    found = [block for block in BLOCKS if block.language in ("sh", "python") and block.remark == remark]
    for page, blocks in groupby(found, key=lambda block: block.page):
        yield page, list(blocks)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in LENT:
        (folder / name).symlink_to(PROJECT / name)
    for name in SET_UP_FROM:
        shutil.copy(PROJECT / name, folder / name)
        os.utime(folder / name, (0, 0))
    return folder


def carry_out(checkout: Path, page: str, blocks: list[Block]) -> None:
    """Run the blocks of a page as one script, so that what one sets holds in the next; say which line failed."""
    lines = ["set -euo pipefail"]
    for block in blocks:
        lines.append(f"echo '== {block.place}'")
        lines.append(block.text if block.language == "sh" else f"python -c {shlex.quote(block.text)}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLINSEEK_", "MIMIC_IV_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**kept, "CLINSEEK_HOME": str(checkout / ".clinseek"), "PATH": path}
    ran = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert ran.returncode == 0, f"{page}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"


def test_there_is_something_to_run():
    pages = [page for page, _ in runnable("")]
    assert {"README.md", "docs/tutorial.md", "docs/howto/read_a_trajectory.md"} <= set(pages)
    assert not any(page.startswith(REFERENCE) for page in pages)
    assert [page for page, _ in runnable("open demo")] == ["docs/tutorial.md"]


@pytest.mark.slow
@set_up
def test_the_documentation_does_what_it_says(checkout: Path):
    for page, blocks in runnable(""):
        carry_out(checkout, page, blocks)
    assert (checkout / ".clinseek" / "assets" / "reports" / "leaderboard.html").is_file()


@pytest.mark.slow
@set_up
@pytest.mark.skipif(DEMO is None, reason="MIMIC_DEMO_ROOT does not name the open MIMIC-IV demo")
def test_the_documentation_does_what_it_says_with_the_open_demo(checkout: Path):
    (checkout / "mimic-iv-demo-2.2").symlink_to(Path(str(DEMO)))
    for page, blocks in runnable("open demo"):
        carry_out(checkout, page, blocks)
    assert (checkout / "demo-home" / "assets" / "marts" / "text_leaderboard.parquet").is_file()
