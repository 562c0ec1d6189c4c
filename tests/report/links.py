"""The links of a folder of pages."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.links += [named[name] or "" for name in ("href", "src") if name in named]
        self.ids.add(named.get("id") or "")


def parsed(path: Path) -> _Page:
    """A page's links and anchors."""
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken_links(folder: Path) -> Iterator[str]:
    """`page: link` of each that leads nowhere, or to another server."""
    pages = {path: parsed(path) for path in sorted(folder.glob("*.html"))}
    for path, page in list(pages.items()):
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme == "data":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = parts.fragment if "=" not in parts.fragment else ""
            if parts.scheme or not target.exists():
                yield f"{path.name}: {link}"
            elif anchor:
                pages[target] = pages.get(target) or parsed(target)
                if anchor not in pages[target].ids:
                    yield f"{path.name}: {link}"
