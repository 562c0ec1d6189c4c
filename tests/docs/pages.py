"""The pages of the documentation, and what stands in their blocks."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / name / "README.md" for name in ("results", "figures")),
]
#: Languages of blocks that hold commands; a block without one may.
_COMMANDS = ("sh", "bash", "console", "")
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, *languages: str) -> list[str]:
    """What stands in a page's fenced blocks of these languages."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for _, language, text in found if language in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """The arguments of each call of a program that a page names, in blocks and in the text."""
    lines = [line for text in blocks(page, *_COMMANDS) for line in text.splitlines()]
    lines += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(page))]
    for line in lines:
        for part in re.split(r"&&|\||;", line):
            words = split(part.strip().removeprefix("$ "))
            if words[:1] == [program]:
                yield words[1:]


def split(line: str) -> list[str]:
    """The words of a command line, its comment left out; those of a sentence as they come."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()
