"""The artifact appendix of a study, as Markdown and LaTeX, and CODECHECK's manifest."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import yaml

from ednag.errors import EdnagError
from ednag.evaluation.checklists import answered
from ednag.evaluation.costs import machine_of_the_costs, time_text
from ednag.evaluation.session import Session
from ednag.evaluation.subjects import Subject, with_all_data
from ednag.evidence.writing import NO_VALUE, markdown_table, rounded
from ednag.sources.sizes import size_in_words
from ednag.study.artefacts import Kind, artefact_named, find_artefact
from ednag.text_files import parse_json
from ednag.yaml_files import read_yaml


@dataclass(frozen=True)
class Section:
    """A section: paragraphs, then a table if it has a head. Commands are between backquotes."""

    title: str
    paragraphs: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def appendix_of(session: Session) -> list[Section]:
    """The sections: how to run, hardware, data, claims, tables and figures, checklists.

    What was expected of a claim is its verdict, where the folder of the study has verdicts.
    """
    return [
        _running(session),
        _hardware(session),
        _data(session),
        *_claims(session),
        _files(session),
        *_checklists(session),
    ]


def _running(session: Session) -> Section:
    citation = read_yaml(session.workflow.project / "CITATION.cff")
    rows = (
        ("`make environment`", "creates .venv from envs/requirements.lock"),
        ("`ednag doctor`", "says whether this machine is as it should be"),
        ("`ednag evaluate --list`", "lists claims, tables and figures with what they cost"),
        ("`ednag evaluate NAME`", "runs only what one of them needs; prints verdict and chain"),
        ("`make results`", "runs the whole study"),
        ("`ednag audit`", "follows every number back to checksummed bytes"),
    )
    text = f"{citation['title']}. Version {citation['version']}, licence {citation['license']}."
    return Section("How to run", (text,), ("Command", "What it does"), rows)


def _hardware(session: Session) -> Section:
    costs = list(session.costs.values())
    most = max((cost.memory for cost in costs), default=0.0)
    return Section(
        "Hardware",
        (
            f"Times and memory are predicted for {session.cores} cores from jobs measured on "
            f"{machine_of_the_costs()}. They begin with nothing there but the environment, and "
            f"leave downloads out. At most {size_in_words(int(1e6 * most))} of memory are used at "
            "once. Linux; no GPU, unless a study trains registered images.",
        ),
    )


def _data(session: Session) -> Section:
    rows = []
    for id in with_all_data(session.plan).sources:
        source = session.registry[id]
        where = source.addresses[0] if source.addresses else "comes with a package"
        rows.append((id, size_in_words(source.size), source.licence or "not stated", where))
    text = "Each file is verified by its checksum in `sources.yaml`, wherever it comes from."
    return Section("Data", (text,), ("Source", "Size", "Licence", "Address"), tuple(rows))


def _claims(session: Session) -> list[Section]:
    """Claims that the study tests here, then the others with the reason."""
    verdicts = _verdicts(session)
    tested, others = [], []
    for subject in session.subjects.values():
        if subject.claim is None:
            continue
        words = " ".join(subject.title.split())
        if subject.hindrance:
            absent = session.absent(subject)
            why = f"needs {', '.join(absent)}" if absent else subject.hindrance
            others.append((subject.name, words, why))
        else:
            expected = verdicts.get(subject.name) or f"a verdict by the rule {subject.claim.rule}"
            printed = rounded(subject.claim.printed, 3)
            tested.append((*_row(session, subject, words), printed, expected))
    text = (
        "Each command prints what it will run, the verdict with its numbers, interval and runs, "
        "and the chain of files and checksums behind it."
    )
    head = ("Command", "Claim", "Time", "Memory", "Printed", "Expected")
    return [
        Section("Claims", (text,), head, tuple(tested)),
        Section("Claims that are not tested", (), ("Claim", "Statement", "Why"), tuple(others)),
    ]


def _verdicts(session: Session) -> dict[str, str]:
    """Claim -> its verdict and number in the folder of the study, if there are verdicts."""
    path = session.plan.folder / artefact_named("verdicts").path("json")
    if not path.is_file():
        return {}
    return {
        each["id"]: f"{each['verdict']}, ours {rounded(each['ours'], 3)}"
        for each in parse_json(path.read_text(encoding="utf-8"))["claims"]
    }


def _row(session: Session, subject: Subject, words: str) -> tuple[str, ...]:
    cost = session.costs[subject.name]
    memory = size_in_words(int(1e6 * cost.memory)) if cost.jobs else NO_VALUE
    return f"`ednag evaluate {subject.name}`", words, time_text(cost.seconds), memory


def _files(session: Session) -> Section:
    kinds = (Kind.TABLE.value, Kind.FIGURE.value, Kind.PAGE.value)
    subjects = [each for each in session.subjects.values() if each.kind in kinds]
    rows = tuple(_row(session, each, each.title) for each in subjects if each.name in session.costs)
    return Section("Tables and figures", (), ("Command", "What it makes", "Time", "Memory"), rows)


def _checklists(session: Session) -> Iterable[Section]:
    for each in answered(with_all_data(session.plan)):
        rows = tuple(
            (item.question, item.answer, item.because, ", ".join(f"`{e}`" for e in item.evidence))
            for item in each.items
        )
        head = ("Question", "Answer", "Why", "Evidence")
        yield Section(f"{each.title} ({each.source})", (), head, rows)


# --- formats --------------------------------------------------------------------------------------


def as_markdown(sections: Sequence[Section]) -> str:
    """The appendix as Markdown."""
    lines = ["# Artifact appendix", "", "<!-- Made by `ednag appendix`. Do not edit. -->"]
    for each in sections:
        lines += ["", f"## {each.title}"]
        for text in each.paragraphs:
            lines += ["", text]
        if each.head:
            rows = [[cell.replace("|", "\\|") for cell in row] for row in each.rows]
            lines += ["", markdown_table(each.head, rows)]
    return "\n".join(lines) + "\n"


def as_latex(sections: Sequence[Section]) -> str:
    r"""The appendix as LaTeX, to be read by \input: it needs array, booktabs and longtable."""
    lines = ["% Made by `ednag appendix`. Needs the packages array, booktabs and longtable."]
    for each in sections:
        lines += [rf"\section{{{_escaped(each.title)}}}", *map(_escaped, each.paragraphs)]
        if each.head:
            cells = [[_breakable(_escaped(text)) for text in row] for row in each.rows]
            frame = pd.DataFrame(cells, columns=list(map(_escaped, each.head)))
            shown = frame.to_latex(
                index=False, longtable=True, escape=False, column_format=_widths(each)
            )
            lines += [r"{\footnotesize", shown.rstrip(), "}"]
    return "\n".join(lines) + "\n"


def _widths(section: Section) -> str:
    """Columns whose widths follow the mean length of what is in them."""
    lengths = [
        len(name) + sum(len(row[place]) for row in section.rows) / max(len(section.rows), 1)
        for place, name in enumerate(section.head)
    ]
    shares = [max(length**0.5, 3) for length in lengths]
    total = 0.95 - 0.025 * len(shares)
    columns = (f"p{{{total * share / sum(shares):.3f}\\linewidth}}" for share in shares)
    return "".join(rf">{{\raggedright\arraybackslash}}{column}" for column in columns)


def _breakable(text: str) -> str:
    """Where a long name may continue on the next line: after a sign, before a word.

    And after eight digits of a checksum.
    """
    text = re.sub(r"([0-9a-f]{8})(?=[0-9a-f]{8})", r"\1\\allowbreak{}", text)
    return re.sub(r"(?<=[/.:_=-])(?=[A-Za-z\\])", r"\\allowbreak{}", text)


def _escaped(text: str) -> str:
    """Text for LaTeX."""
    special = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
        "`": "",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
    }
    return "".join(special.get(sign, sign) for sign in text)


# --- CODECHECK ------------------------------------------------------------------------------------


def codecheck(session: Session, locked: Mapping[str, tuple[str, int]]) -> str:
    """`codecheck.yml` (https://codecheck.org.uk/spec/config/1.0/) of the files in a lock.

    Its manifest has each table, figure and page with its sha256. The codechecker adds who checked
    and where the report is.

    Args:
        session: The study.
        locked: Name -> sha256 and size; see `ednag.provenance.results_lock.read_lock`.

    Raises:
        EdnagError: The lock has no table, figure or page.
    """
    manifest = []
    for name, (sha256, _) in locked.items():
        found = find_artefact(name)
        if found and found[0].is_shown and name.endswith(f".{found[0].suffixes[0]}"):
            file = (session.plan.folder / name).as_posix()
            manifest.append({"file": file, "comment": f"{found[0].title}; sha256 {sha256}"})
    if not manifest:
        raise EdnagError("the lock names no table or figure; write it again: ednag lock")
    citation = read_yaml(session.workflow.project / "CITATION.cff")
    paper = citation["references"][0]
    content = {
        "version": "https://codecheck.org.uk/spec/config/1.0/",
        "paper": {
            "title": paper["title"],
            "authors": [
                {"name": f"{each['given-names']} {each['family-names']}"}
                for each in paper["authors"]
            ],
            "reference": paper["url"],
        },
        "manifest": manifest,
        "summary": citation["abstract"].strip(),
    }
    return "---\n" + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
