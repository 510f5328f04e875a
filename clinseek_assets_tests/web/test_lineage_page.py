"""The lineage page in a real browser: every group is shown, and what is in it once it is opened.

With `CLINSEEK_PICTURE` set to a file, the picture of the documentation is taken: `docs/lineage.png`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from clinseek_assets_tests.assets.test_graph import NAMED
from clinseek_assets_tests.conftest import Graph
from clinseek_assets_tests.services.waiting import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
GROUPS = (*NAMED, "source_tables", "source_files")
# Opened a few at a time on a tall page, since what is out of sight is not drawn; the source tables stay folded.
OPENED = (
    ("manifests", "image_links", "contexts"),
    ("patient_databases",),
    ("predictions",),
    ("scores",),
    ("marts", "reports"),
)
TALL, WIDE = {"width": 2200, "height": 7000}, {"width": 1800, "height": 1000}
SECONDS = 90

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is found")


@contextmanager
def served(graph: Graph) -> Iterator[str]:
    """The page that `clinseek ui` serves, stopped afterwards with all of its processes."""
    port = free_port()
    layout, settings = graph.settings.layout, graph.settings
    environment = {
        **os.environ,
        "CLINSEEK_HOME": str(layout.home),
        "CLINSEEK_RELEASE_ROOT": str(settings.release_root),
        "MIMIC_IV_ROOT": str(settings.mimic_roots["hosp"].parent),
        "CLINSEEK_MODELS": str(settings.models_file),
    }
    log = (layout.home / "ui.log").open("wb")
    command = [str(Path(sys.executable).with_name("clinseek")), "ui", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield wait_for(f"http://127.0.0.1:{port}", server)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        finally:
            log.close()
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> str:
    """The address, once something answers there."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/server_info", timeout=2):
                return address
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the page was not served in time")


@pytest.mark.parametrize("walk", [OPENED[:1], pytest.param(OPENED[1:], marks=pytest.mark.slow)], ids=["some", "rest"])
def test_the_lineage_page_shows_every_group_and_calls_nobody(
    finished: Graph, tmp_path: Path, walk: Sequence[Sequence[str]]
):
    from playwright.sync_api import sync_playwright

    picture = Path(os.environ.get("CLINSEEK_PICTURE", tmp_path / "lineage.png"))
    strangers: list[str] = []
    with served(finished) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport=TALL)
        page.on("request", lambda request: strangers.append(request.url) if is_outside(request.url, address) else None)
        for groups in walk:
            shown = opened(page, address, groups)
            assert all(group in shown for group in GROUPS)
            for name in (name for group in groups for name in NAMED[group]):
                # Long names are cut in their middle: `text_…_predictions`.
                assert name in shown or (name[:3] in shown and name.split("_")[-1] in shown), name
        page.set_viewport_size(WIDE)
        opened(page, address, ())  # all of it, from the files to the report
        page.screenshot(path=picture)
        browser.close()
    assert strangers == []
    assert picture.stat().st_size > 20_000


def opened(page: Page, address: str, groups: Sequence[str]) -> str:
    """The lineage with some groups opened, as text."""
    expanded = quote(",".join(f"global@global:{group}" for group in groups))
    page.goto(f"{address}/asset-groups?expanded={expanded}", wait_until="networkidle", timeout=SECONDS * 1000)
    graph = page.locator("svg foreignObject")
    graph.filter(has_text="contexts").first.wait_for(timeout=SECONDS * 1000)
    page.wait_for_timeout(1500)  # what is out of sight is drawn a moment later
    return str(page.locator("svg").evaluate_all("all => all.map(one => one.textContent).join(' ')"))


def is_outside(url: str, address: str) -> bool:
    """Whether a request leaves this machine's page."""
    return not url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:"))


@pytest.mark.slow
def test_stopping_the_page_leaves_no_process_behind(finished: Graph):
    import psutil

    with served(finished):
        ours = [process for process in psutil.process_iter(["environ"]) if home_of(process) == finished.settings.home]
        assert len(ours) >= 3
    _, alive = psutil.wait_procs(ours, timeout=20)
    assert not alive


def home_of(process: object) -> Path | None:
    """The CLINSEEK_HOME of a process, if it has one."""
    environ = process.info["environ"] or {}  # type: ignore[attr-defined]
    return Path(environ["CLINSEEK_HOME"]) if "CLINSEEK_HOME" in environ else None
