"""The report as people meet it: in a browser, light and dark, on a phone, on paper, by keyboard.

`scripts/install-test-deps` installs the browser and axe-core.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.advice.report_parts import case, forms, nasty
from tests.installed import missing

from kilde.advice.report import html_of

DESKTOP, PHONE = (1280, 900), (320, 640)
# Playwright switches off updates, metrics and the rest of the background networking. With this no
# host can be reached whatever is left; the pages are files.
_ARGUMENTS = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, as the system has it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("there is no chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The text of axe-core."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = Path(os.environ.get("KILDE_TEST_CACHE") or home / "kilde-tests") / "axe.min.js"
    if not path.is_file():
        missing(f"{path} is not there")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report on two agents, with everything in it that a report can have."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html_of([case(10), forms(10), nasty(3)]), encoding="utf-8")
    return path.as_uri()


class Opened:
    """A page with what went wrong while it was shown."""

    def __init__(self, browser: Any, size: tuple[int, int], scheme: str, **more: Any) -> None:
        viewport = {"width": size[0], "height": size[1]}
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme, **more)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def pixels(page: Any) -> list[tuple[int, int, int]]:
    """The colours of a screenshot of the whole page, every one as often as it is there."""
    from PIL import Image

    image = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    small = image.resize((image.width // 4, image.height // 4))
    data = small.tobytes()
    return [(data[at], data[at + 1], data[at + 2]) for at in range(0, len(data), 3)]


def brightness(colours: list[tuple[int, int, int]]) -> float:
    """The mean brightness in 0..1."""
    return sum(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in colours) / len(colours) / 255


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_seen_in_both_schemes(browser: Any, report: str, size: tuple[int, int]) -> None:
    found = {}
    for scheme in ("light", "dark"):
        with Opened(browser, size, scheme) as opened:
            opened.page.goto(report)
            found[scheme] = pixels(opened.page)
            assert opened.said == []
            assert opened.asked == [report]
            folder = os.environ.get("KILDE_SHOTS")
            if folder:
                place = Path(folder) / f"report-{size[0]}-{scheme}.png"
                opened.page.screenshot(path=str(place), full_page=True)
    for colours in found.values():
        assert len(set(colours)) > 100, "the page is blank"
    assert brightness(found["light"]) > 0.85
    assert brightness(found["dark"]) < 0.25


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_hangs_over_the_side(browser: Any, report: str, width: int) -> None:
    with Opened(browser, (width, 640), "light") as opened:
        opened.page.goto(report)
        opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        # What is cut off can only be in a region that scrolls by itself.
        over = opened.page.evaluate(
            """width => [...document.querySelectorAll('main *')].filter(one =>
                 !one.closest('.scroll') && !one.closest('.hidden')
                 && one.getBoundingClientRect().right > width + 1).map(one => one.outerHTML)""",
            width,
        )
        assert over == []


def test_words_of_a_chart_do_not_cover_each_other_on_a_phone(browser: Any, report: str) -> None:
    with Opened(browser, PHONE, "light") as opened:
        opened.page.goto(report)
        over = opened.page.evaluate(
            """() => [...document.querySelectorAll('svg.chart')].flatMap(chart => {
                 const words = [...chart.querySelectorAll('text')].map(one =>
                   [one.textContent, one.getBoundingClientRect()]);
                 return words.flatMap(([a, x], i) => words.slice(i + 1).filter(([b, y]) =>
                   x.left < y.right - 1 && y.left < x.right - 1 &&
                   x.top < y.bottom - 4 && y.top < x.bottom - 4).map(([b]) => [a, b]));
               })"""
        )
        assert over == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(
    browser: Any, report: str, axe: str, scheme: str, size: tuple[int, int]
) -> None:
    with Opened(browser, size, scheme, bypass_csp=True) as opened:
        opened.page.goto(report)
        opened.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        opened.page.evaluate(axe)
        found = opened.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        faults = [
            (one["id"], node["html"][:200], node["failureSummary"])
            for one in found["violations"]
            for node in one["nodes"]
        ]
        assert faults == []
        assert len(found["passes"]) > 20


def test_axe_would_find_something(browser: Any, axe: str, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<html><body><img src=x><p style='color:#ccc'>pale</p></body></html>")
    with Opened(browser, DESKTOP, "light") as opened:
        opened.page.goto(page.as_uri())
        opened.page.evaluate(axe)
        found = opened.page.evaluate("axe.run()")
        assert {"image-alt", "color-contrast"} <= {one["id"] for one in found["violations"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marks_of_charts_stand_out(browser: Any, report: str, scheme: str) -> None:
    with Opened(browser, DESKTOP, scheme) as opened:
        opened.page.goto(report)
        found = opened.page.evaluate(
            """() => [...document.querySelectorAll('figure .shape, figure .reach')].map(one =>
                 [getComputedStyle(one).stroke, getComputedStyle(one.closest('figure'))
                   .backgroundColor])"""
        )
    assert len({mark for mark, _ in found}) == 4
    for mark, ground in {tuple(one) for one in found}:
        assert contrast(mark, ground) >= 3, (mark, ground)


def contrast(one: str, other: str) -> float:
    """The contrast of two CSS colours, as WCAG 2 counts it (1..21)."""

    def light(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_it_is_read_with_the_keyboard(browser: Any, report: str) -> None:
    with Opened(browser, DESKTOP, "light") as opened:
        page = opened.page
        page.goto(report)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#decision"
        reached = set()
        for _ in range(80):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.tagName"))
            if page.evaluate("document.activeElement.parentElement.className") == "question":
                break
        assert {"DIV", "SUMMARY"} <= reached
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid"
        before = page.evaluate("document.activeElement.parentElement.open")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open") is not before


def test_paper_shows_what_is_closed_on_the_screen(browser: Any, report: str) -> None:
    with Opened(browser, DESKTOP, "dark") as opened:
        opened.page.goto(report)
        inner = (
            "document.querySelector('details.question:not([open]) .said').checkVisibility("
            "{contentVisibilityAuto: true})"
        )
        assert opened.page.evaluate(inner) is False
        paper = opened.page.pdf(format="A4")
        opened.page.emulate_media(media="print", color_scheme="dark")
        assert opened.page.evaluate(inner) is True
        ground = opened.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 5


def test_it_can_be_read_without_scripts(browser: Any, report: str) -> None:
    with Opened(browser, DESKTOP, "light", java_script_enabled=False) as opened:
        opened.page.goto(report)
        closed = opened.page.locator("details.question:not([open])").first
        inner = closed.locator(".said")
        handle = closed.element_handle()
        assert handle is not None
        assert not inner.is_visible()
        closed.locator("summary").click()
        opened.page.wait_for_timeout(100)
        assert handle.query_selector(".said").is_visible()
