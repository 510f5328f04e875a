"""The browse page in a real browser, at the width of a desk and of a phone, over homes of both splits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from clinseek_assets.browse.library import Library
from clinseek_assets_tests.browse.conftest import seeing_library, text_library
from clinseek_assets_tests.browse.test_serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["seeing_library", "text_library"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = (1440, 390)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is found")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of this file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def a_page(browser: Browser, address: str, width: int) -> Iterator[Page]:
    """A page of that width; at its end no script was wanted, no error was told, and nobody else was asked."""
    told: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url) if not request.url.startswith(address) else None)
    yield page
    page.close()
    assert told == []


def fits(page: Page) -> bool:
    """Whether nothing of the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("width", WIDTHS)
def test_from_a_cell_to_an_exchange_with_the_keyboard(browser: Browser, text_library: Library, width: int):
    with served(text_library) as address, a_page(browser, address, width) as page:
        page.goto(address)
        assert page.title() == "Cells – clinseek browse" and fits(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        page.select_option("select[name=model]", "evidence_counts")
        page.focus("button[type=submit]")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?*model=evidence_counts*")
        page.focus("td[data-label=seeking] a")
        page.keyboard.press("Enter")
        page.wait_for_url("**/questions?*arm=seeking*")
        assert page.locator("tbody tr").count() >= 1 and fits(page)
        page.focus("tbody th a")
        page.keyboard.press("Enter")
        page.wait_for_url("**/question/text/*")
        assert "row" in page.title() and fits(page)
        call = page.locator("details.call", has_text="ehr.run_sql_query").first
        assert not call.locator("pre").first.is_visible()
        call.locator("summary").focus()
        page.keyboard.press("Enter")
        assert "SELECT" in call.locator("pre").first.inner_text() and fits(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_x_rays_are_shown_and_every_folded_text_fits(browser: Browser, seeing_library: Library, width: int):
    question = next(each for each in seeing_library.questions()["multimodal"] if each.image_paths)
    with served(seeing_library) as address, a_page(browser, address, width) as page:
        page.goto(f"{address}question/multimodal/{question.row_number}?model=evidence_counts")
        picture = page.locator("section.pictures img").first
        picture.scroll_into_view_if_needed()
        page.wait_for_function("document.querySelector('section.pictures img').naturalWidth > 0")
        assert "Image 1 of" in str(picture.get_attribute("alt"))
        for folded in page.locator("summary").all():
            folded.click()
        assert page.locator("details:not([open])").count() == 0 and fits(page)
        arms = page.locator(".exchanges > section")
        beside = arms.nth(0).bounding_box(), arms.nth(1).bounding_box()
        assert (beside[0]["y"] == beside[1]["y"]) == (width > 1000)  # side by side where there is room


def test_what_is_printed_has_its_title_and_no_filters(browser: Browser, text_library: Library):
    with served(text_library) as address, a_page(browser, address, 1440) as page:
        page.goto(f"{address}questions")
        page.emulate_media(media="print")
        assert page.locator("h1").is_visible() and page.locator("table").is_visible()
        assert not page.locator("form").is_visible() and not page.locator("header").is_visible()
