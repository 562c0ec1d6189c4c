"""The report in a real browser: no error, no request, sorting, no sideways scroll, and no serious
or critical violation of accessibility that axe finds."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ednag.report.pages import PAGES

PHONE, DESKTOP = (390, 844), (1300, 900)
#: Milliseconds after which a test fails that waits for something. No machine is that slow.
LIMIT = 300_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium: install the package chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        try:
            opened = started.chromium.launch(executable_path=program, args=quiet, timeout=LIMIT)
        except playwright.Error as error:
            pytest.skip(f"needs a Chromium that starts: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A window; fails at the end if the browser complained or asked a server."""
    width, height = request.param
    window = browser.new_page(viewport={"width": width, "height": height})
    window.set_default_timeout(LIMIT)
    messages: list[str] = []
    window.on("console", lambda message: messages.append(message.text))
    window.on("pageerror", lambda error: messages.append(str(error)))
    window.on("requestfailed", lambda sent: messages.append(sent.url))
    window.on(
        "request", lambda sent: messages.append(sent.url) if sent.url.startswith("http") else None
    )
    yield window
    window.close()
    assert messages == []


def column(page: Any, number: int) -> list[str]:
    """Texts of a column's visible cells."""
    cells = page.locator(f"table tbody tr:visible td:nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_no_page_is_wider_than_its_window(report: Path, page: Any) -> None:
    for path in sorted(report.glob("*.html")):
        page.goto(path.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, path.name
        assert page.locator("h1").count() == 1
        assert page.locator("nav a").count() == len(PAGES)


#: In the window: pairs of neighbours that overlap, and parts that nobody sees.
LAYOUT = """() => {
  const seen = part => part.checkVisibility() && !part.matches("option, script")
    && (part.textContent.trim() || part.querySelector("img, input") || part.matches("img, input"));
  const of = part => [part, part.getBoundingClientRect()];
  const name = part => part.tagName + " " + part.textContent.trim().slice(0, 40);
  const faults = [];
  const parents = "body, nav, main, ul, dl, figure, .figures, .tools";
  for (const parent of document.querySelectorAll(parents)) {
    if (!seen(parent)) continue;
    const parts = Array.from(parent.children).filter(seen).map(of);
    for (const [part, box] of parts) {
      if (box.width < 1 || box.height < 1 || box.left < -1 || box.right > innerWidth + 1)
        faults.push("not seen: " + name(part));
    }
    parts.forEach(([one, a], at) => parts.slice(at + 1).forEach(([other, b]) => {
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
          && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
        faults.push("overlap: " + name(one) + " and " + name(other));
    }));
  }
  return faults;
}"""


def test_everything_is_seen_and_nothing_covers_its_neighbour(report: Path, page: Any) -> None:
    for path in sorted(report.glob("*.html")):
        page.goto(path.as_uri())
        for details in page.locator("details:not(.explore) > summary").all():
            details.click()
        assert page.evaluate(LAYOUT) == [], path.name


def test_a_long_choice_does_not_widen_the_page(report: Path, page: Any) -> None:
    page.goto((report / "verdicts.html").as_uri())
    lengthen = (
        "document.querySelectorAll('select').forEach(e => e.add(new Option('w '.repeat(200))))"
    )
    page.evaluate(lengthen)
    assert page.locator("select").count()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(report: Path, page: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.emulate_media(color_scheme=scheme)
    names = ("index", "verdicts", "table-nasbench201", "figures-nasbench201-cifar10-analog")
    for name in names:
        page.goto((report / f"{name}.html").as_uri())
        for part in page.locator("details.explore").all():
            part.locator("summary").first.click()
            part.locator(".marks").wait_for()
        # Without `preload`, which asks for the style sheet as if of a server.
        found = axe.run(page, options={"preload": False}).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        told = [(each["id"], each["nodes"][0]["html"]) for each in serious]
        assert told == [], name


def test_a_print_is_dark_on_white_and_loses_no_column(report: Path, page: Any) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 within its margins
    for name in ("index", "verdicts", "table-nasbench201"):
        page.goto((report / f"{name}.html").as_uri())
        style = "getComputedStyle(document.body)"
        colours = page.evaluate(f"[{style}.backgroundColor, {style}.color]")
        assert colours == ["rgb(255, 255, 255)", "rgb(26, 26, 26)"]
        assert page.evaluate("document.documentElement.scrollWidth") <= 718, name
        assert page.locator("header").is_hidden()


def test_a_click_sorts_by_value_and_the_next_turns_it(report: Path, page: Any) -> None:
    page.goto((report / "table-sources-nasbench201.html").as_uri())
    heading = page.get_by_role("button", name="Mean")
    heading.click()
    assert column(page, 2) == ["9.50 [9.1, 9.9]", "10.25 [10.0, 10.5]", "–"]
    assert page.locator("th[aria-sort=ascending]").count() == 1
    heading.press("Enter")
    assert column(page, 2) == ["10.25 [10.0, 10.5]", "9.50 [9.1, 9.9]", "–"]
    page.get_by_role("button", name="Runs").click()
    assert column(page, 3) == ["3", "20", "1,000"]


def test_a_word_filters_rows(report: Path, page: Any) -> None:
    page.goto((report / "table-sources-nasbench201.html").as_uri())
    page.get_by_label("Show rows with").fill("ALERT")
    assert len(column(page, 1)) == 1
    assert page.get_by_role("status").inner_text() == "1 of 3 rows"


def test_a_count_leads_to_its_claims_alone(report: Path, page: Any) -> None:
    page.goto((report / "index.html").as_uri())
    page.locator(".tiles a", has_text="not reproduced").click()
    assert column(page, 1) == ["not reproduced"]
    page.locator("select[name=verdict]").select_option("reproduced")
    assert column(page, 1) == ["reproduced"]
    page.locator("select[name=kind]").select_option("audit")
    assert column(page, 1) == []


def test_key_figures_are_seen(report: Path, page: Any) -> None:
    page.goto((report / "index.html").as_uri())
    image = page.locator("figure img").first
    image.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('figure img').complete")
    assert image.evaluate("image => image.naturalWidth") > 100


def test_a_figure_can_be_explored(report: Path, page: Any) -> None:
    page.goto((report / "figures-nasbench201-cifar10-analog.html").as_uri())
    assert page.locator(".chart svg").count() == 0
    for number in range(2):
        page.locator("details.explore > summary").nth(number).click()
        page.locator("details.explore").nth(number).locator("svg.marks").wait_for(timeout=60_000)
    lines = page.locator(".chart").first.locator("g.mark-line path")
    assert lines.count() == 2
    before = lines.first.get_attribute("d")
    page.get_by_label("Counted:").select_option("look-ups")
    assert page.get_by_label("Line:").count() == 1
    assert lines.count() == 2 and before


def test_a_search_leads_to_a_claim_and_to_a_table(report: Path, page: Any) -> None:
    page.goto((report / "index.html").as_uri())
    field = page.get_by_label("Search tables, figures, claims")
    field.fill("own end")
    assert page.locator("#found a").first.get_attribute("href") == "table-nasbench201.html"
    field.fill("(three)")
    page.locator("#found a").first.click()
    # It is not tested, so that it is folded; a link to it opens it.
    rows = page.locator("table#untested tbody tr:visible")
    rows.first.wait_for()
    assert rows.count() == 1 and page.locator("table#verdicts tbody tr:visible").count() == 0
    field.fill("no such words")
    assert page.locator("#found li").all_inner_texts() == ["nothing has these words"]
    field.press("Escape")
    assert page.locator("#found").is_hidden()


def test_the_first_column_stays_in_view(report: Path, page: Any) -> None:
    page.goto((report / "verdicts.html").as_uri())
    wide = page.locator(".wide:has(#verdicts)")
    wide.evaluate("part => part.scrollLeft = 10000")
    cell, frame = page.locator("#verdicts tbody td").first.bounding_box(), wide.bounding_box()
    assert abs(cell["x"] - frame["x"]) < 3
