"""Draw docs/images/report-*.png: pages of a finished study's report in headless Chromium.

    python docs/take_screenshots.py results/report

The folder is that of the default study. The pictures show it as it was; no test compares them.
"""

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
#: Colours of a picture, which make it small.
COLOURS = 128
#: Of what waits for a page, in milliseconds.
LIMIT = 300_000


def explore(page: Page) -> None:
    """Open the first chart of a page, and wait until it is drawn."""
    part = page.locator("details.explore").first
    part.locator("summary").first.click()
    part.locator(".marks").wait_for()
    part.scroll_into_view_if_needed()


#: Picture -> page, width and height of the window, what is done in it.
PICTURES = {
    "report-front": ("index.html", (1300, 1100), None),
    "report-table-phone": ("table-nasbench201.html", (390, 700), None),
    "report-explorer": ("figures-nasbench201-cifar10-valid.html", (1300, 900), explore),
}


def take(report: Path) -> None:
    """Write the pictures of the report in a folder."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("there is no Chromium; install the package chromium")
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"], timeout=LIMIT
        )
        for name, (file, (width, height), act) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(LIMIT)
            page.goto((report / file).resolve().as_uri())
            page.wait_for_function("Array.from(document.images).every(each => each.complete)")
            if act:
                act(page)
            taken = Image.open(BytesIO(page.screenshot())).convert("RGB")
            taken.quantize(COLOURS).save(IMAGES / f"{name}.png", optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/take_screenshots.py FOLDER, such as results/report")
    take(Path(sys.argv[1]))
