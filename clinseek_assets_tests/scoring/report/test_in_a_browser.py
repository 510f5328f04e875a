"""The report in a real browser: nothing runs over, no plot is empty, nothing is asked for, nothing is complained of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clinseek_assets_tests.scoring.report.made_up import Made

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = {1440: "light", 390: "dark"}
# Of each plot: its box, and the boxes of its texts and lines.
PLOTS = """all => all.map(svg => ({
    box: svg.getBoundingClientRect().toJSON(),
    drawn: [...svg.querySelectorAll('path, use')].filter(one => one.getBoundingClientRect().width > 0).length,
    texts: [...svg.querySelectorAll('text')].map(one => one.getBoundingClientRect().toJSON()),
}))"""
# What sticks out of the page without a box of its own that scrolls.
OUTSIDE = """() => [...document.querySelectorAll('body *')].filter(
    one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.wide, figure')
).map(one => one.tagName)"""
HEIGHTS = "all => all.map(one => one.getBoundingClientRect().height)"
INK = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is found")


def test_the_report_fits_wide_and_narrow_pages_and_calls_nobody(made: Made, tmp_path: Path):
    from playwright.sync_api import sync_playwright

    report = tmp_path / "leaderboard.html"
    report.write_text(made.html, encoding="utf-8")
    asked: list[str] = []
    complaints: list[str] = []
    inks = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, scheme in WIDTHS.items():
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda message: complaints.append(message.text))  # type: ignore[attr-defined]
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(report.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(OUTSIDE) == []
            assert max(page.locator("tr").evaluate_all(HEIGHTS)) < 130  # names are not broken letter by letter
            plots = page.locator("figure svg").evaluate_all(PLOTS)
            assert len(plots) == made.html.count("<svg")
            for plot in plots:
                assert plot["drawn"] > 5 and len(plot["texts"]) > 3
                assert all(within(text, plot["box"]) for text in plot["texts"])
            inks.append(tuple(page.evaluate(INK)))
            page.emulate_media(media="print")
            assert page.locator("nav").is_hidden() and page.locator("table").first.is_visible()
        browser.close()
    assert asked == [report.as_uri()] * len(WIDTHS)
    assert complaints == []
    assert inks[0] != inks[1]


def within(text: dict[str, float], box: dict[str, float]) -> bool:
    """Whether a text lies in its plot; the browser's letters may be a little wider than those it was laid out with."""
    room = 6
    return (
        text["left"] >= box["left"] - room
        and text["right"] <= box["right"] + room
        and text["top"] >= box["top"] - room
        and text["bottom"] <= box["bottom"] + room
    )
