r"""A manuscript in LaTeX held against the numbers of a study.

Three kinds of numbers: `\ednag{ID}` in place of a number; numbers in text or a table whose line
ends with `% ednag: ID, ID`, in the order of the ids; any other number that equals one of the study.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from ednag.errors import EdnagError
from ednag.evidence.numbers import Number
from ednag.files import read_text

_MACRO = re.compile(r"\\ednag\s*\{([^{}]*)\}")
_COMMENT = re.compile(r"(?<!\\)(?:\\\\)*%(.*)$")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?")
_DECLARED = re.compile(r"[%\s]*ednag\s*:(.*)", re.IGNORECASE)
_INPUT = re.compile(r"\\(?:(?:input|include)\s*\{([^{}]+)\}|input\s+([^\s{}\\%]+))")
#: Arguments of commands hold no numbers of a text: labels, files, lengths.
_ARGUMENTS = re.compile(
    r"\\(?:ref|eqref|autoref|cref|label|cite\w*|input|include|includegraphics|begin|end|vspace"
    r"|hspace|url|href|usepackage|documentclass|ednag|cmidrule|multicolumn|multirow|arxiv)\*?"
    r"(?:\([^()]*\))?(?:\[[^\[\]]*\])*(?:\{[^{}]*\})?"
)
_SEPARATOR = r"(?:,|\{,\}|\\,)"
#: In front of a number, and not between two: ranges and differences have none.
_MINUS = re.compile(r"(?:\$-\$|\{-\}|\\textminus(?![A-Za-z])(?:\{\})?|\u2212)[ \t]*")
_LITERAL = re.compile(
    rf"(?:(?<![\w.\-)\]}}])-)?(?<![\w.])(?:[1-9]\d{{0,2}}(?:{_SEPARATOR}\d{{3}})+|\d+)(?:\.\d+)?"
    r"(?![\w.]*\w)",
    re.ASCII,
)
#: Of a file, in bytes.
_LARGEST = 10_000_000
#: Ids named in an offer.
_OFFERED = 3


@dataclass(frozen=True)
class Manuscript:
    """What was found, a line of text for each, in the order of the files.

    Attributes:
        faults: Unknown ids, and declared numbers that differ from the study.
        offers: Numbers that are not declared and equal one of the study.
        agreeing: How many macros and declared numbers agree.
    """

    faults: list[str]
    offers: list[str]
    agreeing: int


def check_manuscript(path: Path, numbers: Mapping[str, Number]) -> Manuscript:
    r"""Check a file, and those it takes in by \input and \include.

    Raises:
        EdnagError: A file is not there or is no text.
    """
    by_text: dict[str, list[str]] = {}
    for name, number in numbers.items():
        by_text.setdefault(number.text, []).append(name)
    result = Manuscript([], [], 0)
    agreeing = 0
    for place, line in _lines(path, path.parent, ()):
        faults, count = _of_line(line, numbers)
        agreeing += count
        result.faults.extend(f"{place}: {each}" for each in faults)
        result.offers.extend(f"{place}: {each}" for each in _offers(line, by_text))
    return Manuscript(result.faults, result.offers, agreeing)


def _lines(path: Path, folder: Path, above: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """(file:number, line) of a file and of those it takes in, which are relative to `folder`."""
    if path in above:
        raise EdnagError(f"{path} takes in itself; correct its \\input")
    for number, line in enumerate(read_text(path, _LARGEST).splitlines(), 1):
        yield f"{path}:{number}", line
        for braced, bare in _INPUT.findall(_COMMENT.sub("", line)):
            file = folder / (braced or bare)
            file = file if file.suffix else file.with_suffix(".tex")
            if file.name != "numbers.tex":
                yield from _lines(file, folder, (*above, path))


def _of_line(line: str, numbers: Mapping[str, Number]) -> tuple[list[str], int]:
    """Faults of a line, and how many of its numbers agree."""
    faults, agreeing = [], 0
    for name in _MACRO.findall(_COMMENT.sub("", line)):
        if name in numbers:
            agreeing += 1
        else:
            faults.append(_unknown(name, numbers))
    free = _literals(line)
    for name in _declared(line):
        if name not in numbers:
            faults.append(_unknown(name, numbers))
            continue
        value = numbers[name].value
        same = next((at for at, each in enumerate(free) if _is_rounded(each, value)), None)
        if same is None:
            faults.append(_differing(name, numbers[name], free))
        else:
            free = free[same + 1 :]  # so that two numbers in each other's place are found
            agreeing += 1
    return faults, agreeing


def _unknown(name: str, numbers: Mapping[str, Number]) -> str:
    if not name:
        return "an id is missing beside a comma; write all ids of a line in one comment"
    close = get_close_matches(name, numbers, n=1)
    meant = f"did you mean {close[0]!r}?" if close else "its ids are in numbers.json"
    return f"the study has no number {name!r}; {meant}"


def _declared(line: str) -> list[str]:
    comment = _COMMENT.search(line)
    given = comment and _DECLARED.match(comment[1])
    return [name.strip() for name in given[1].split(",")] if given else []


def _literals(line: str) -> list[str]:
    """Numbers as they stand in a line, without those in comments and arguments."""
    text = _INPUT.sub(" ", _COMMENT.sub("", line))
    text = _MINUS.sub("-", _ARGUMENTS.sub(" ", text))
    return [re.sub(_SEPARATOR, "", each) for each in _LITERAL.findall(_COMMAND.sub(" ", text))]


def _is_rounded(literal: str, value: float) -> bool:
    """Whether a literal is the value, with its sign, rounded to the literal's decimals."""
    decimals = len(literal.partition(".")[2])
    # Half of the last digit, and what a binary number misses of a decimal one.
    margin = Decimal(5).scaleb(-decimals - 1) + Decimal("1e-9")
    return abs(Decimal(literal) - Decimal(value)) <= margin


def _differing(name: str, number: Number, free: list[str]) -> str:
    closest = min(free, key=lambda each: abs(float(each) - number.value), default="")
    written = f"{closest} is declared as" if closest else "the line has no number left for"
    return f"{written} {name}, which is {number.text}; its chain: {number.trace}"


def _offers(line: str, by_text: Mapping[str, list[str]]) -> Iterator[str]:
    if _declared(line):
        return
    for literal in _literals(line):
        names = by_text.get(literal, []) if "." in literal else []
        if names:
            more = f" and {len(names) - _OFFERED} more" if len(names) > _OFFERED else ""
            yield f"{literal} equals {', '.join(names[:_OFFERED])}{more}; declare it: % ednag: ID"
