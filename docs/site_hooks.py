"""What MkDocs asks for while it builds the site (`hooks` in mkdocs.yml).

Pages link to files of the repository outside docs/. Where the pages are read as Markdown these
links lead there; the site gets a copy of each such file as text, so that it needs no other server.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

#: A link to a relative path, with or without a place in the page.
LINK = re.compile(r"(\]\()([^)\s:#]+)(#[^)\s]*)?(\))")
#: Folder of the copies in the site.
COPIES = "repository"


def outside(page: str, link: str) -> str | None:
    """The path in the repository that a page's link leads to, None where it stays in docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return None if path.startswith("docs/") else path


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a copy of every file outside docs/ that a page links to."""
    root = Path(config.docs_dir).parent
    for page in list(files.documentation_pages()):
        for _, link, _, _ in LINK.findall(page.content_string):
            path = outside(page.src_uri, link)
            uri = f"{COPIES}/{path}.txt"
            if path and (root / path).is_file() and uri not in files.src_uris:
                content = (root / path).read_text(encoding="utf-8")
                files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links that leave docs/ lead to the copies; the strict build refuses what is no file."""

    def mend(found: re.Match[str]) -> str:
        path = outside(page.file.src_uri, found[2])
        if not path:
            return found[0]
        here = posixpath.dirname(page.file.src_uri)
        return f"{found[1]}{posixpath.relpath(f'{COPIES}/{path}.txt', here)}{found[4]}"

    return LINK.sub(mend, markdown)
