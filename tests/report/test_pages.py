"""The report holds what the study's files say, and every link in it leads somewhere."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.evidence.paper_layout import write_published
from ednag.evidence.published import PRINTED, published_table
from ednag.report import pages
from ednag.report.material import exhibit_of, read_environment, read_table
from ednag.report.pages import PAGES, FinishedStudy, write_report
from tests.evidence.claims_data import PUBLISHED, record_of, runs_of
from tests.report.conftest import ODD
from tests.report.links import broken_links


def text_of(report: Path) -> dict[str, str]:
    """File -> its text."""
    return {path.name: path.read_text(encoding="utf-8") for path in report.iterdir()}


def test_every_page_is_there_and_every_link_leads_somewhere(report: Path) -> None:
    assert {file for file, _ in PAGES} <= {path.name for path in report.iterdir()}
    assert list(broken_links(report)) == []


def test_the_same_study_gives_the_same_bytes_and_no_leftover(
    study: FinishedStudy, report: Path
) -> None:
    before = text_of(report)
    (report / "table-of-another-study.html").touch()
    write_report(study)
    assert text_of(report) == before
    assert [path.name for path in report.parent.iterdir() if path.name.startswith(".")] == []
    assert not any(str(study.root) in text for text in before.values())


def test_nothing_of_the_study_becomes_markup(report: Path) -> None:
    for text in text_of(report).values():
        assert "<script>alert" not in text


def test_the_first_page_says_what_was_run(report: Path) -> None:
    text = text_of(report)["index.html"]
    assert "Audit: sound." in text and "3 files" in text
    for verdict in ("reproduced", "not reproduced"):
        assert f"<strong>1</strong>{verdict}<" in text
    # What could not be tested is no result.
    assert "</strong>needs data" not in text and "udit claims" not in text
    assert "Ednag claims: 2 of 3 tested here" in text
    assert "Computed from 3 runs" in text and 'href="verdicts.html"' in text
    assert "Not on the first page" not in text
    assert "<dt>seeds</dt><dd>0-99</dd>" in text and "anytime.png" in text


def test_a_broken_audit_is_said_with_its_faults(study: FinishedStudy) -> None:
    path = study.root / study.audit
    audit = json.loads(path.read_text()) | {"sound": False, "faults": [{"explanation": "f lies"}]}
    path.write_text(json.dumps(audit))
    write_report(study)
    pages = text_of(study.root / study.folder)
    assert "Audit: unsound." in pages["index.html"] and "f lies" in pages["sources.html"]


def test_rows_lead_to_their_chains(report: Path) -> None:
    text = text_of(report)["table-nasbench201.html"]
    for row in range(3):
        assert f'href="../provenance/chains/nasbench201.html#nasbench201-{row}"' in text


def test_a_missing_file_is_named_and_the_report_before_stays(
    study: FinishedStudy, report: Path
) -> None:
    before = text_of(report)
    (study.root / "results" / "evidence" / "nasbench201.md").unlink()
    with pytest.raises(EdnagError, match=r"results/evidence/nasbench201\.md cannot be read"):
        write_report(study)
    assert text_of(report) == before


def test_every_template_counts_as_code_of_the_pages() -> None:
    """`ednag.study.digests` takes in the data files that a module names."""
    source = Path(pages.__file__).read_text(encoding="utf-8")
    files = list(Path(pages.__file__).with_name("templates").iterdir())
    assert len(files) > 5 and all(file.name in source for file in files)


def test_columns_know_their_numbers(study: FinishedStudy) -> None:
    table = read_table(study.root, "results/evidence/sources-nasbench201.csv", [])
    assert table.numeric == [1, 2] and table.rows[1][0] == ODD


def test_tables_are_shown_as_their_markdown(study: FinishedStudy, report: Path) -> None:
    table = read_table(study.root, "results/evidence/nasbench201.csv", [])
    markdown = (study.root / "results/evidence/nasbench201.md").read_text()
    lines = [line.strip("|").split("|") for line in markdown.splitlines() if "|" in line]
    assert [tuple(cell.strip() for cell in line) for line in lines if "--" not in line[0]] == [
        table.head,
        *table.rows,
    ]
    text = text_of(report)["table-nasbench201.html"]
    assert table.note == "A note of nasbench201." and table.note in text
    assert "<strong>at its own end</strong>" in text  # the caption


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("results/evidence/transnas-macro.csv", "Each method at its own end: transnas-macro"),
        ("results/evidence/nasbench201-equal-budget.csv", "At equal budgets: nasbench201"),
        ("results/evidence/published-cost.csv", "Printed beside regenerated: cost"),
        ("results/evidence/predictor-small.csv", "The meta-predictor on unseen tasks"),
        (
            "figures/nasbench201/cifar10/paper/convergence.csv",
            "Convergence: nasbench201, CIFAR-10, paper",
        ),
    ],
)
def test_titles_are_those_of_the_declarations(path: str, title: str) -> None:
    assert exhibit_of(path).title == title


@pytest.mark.parametrize("path", ["results/evidence/mine.csv", "results/runs/x.parquet"])
def test_a_file_that_is_no_table_or_figure_is_refused(path: str) -> None:
    with pytest.raises(EdnagError, match=f"{path}: not declared as a table or figure"):
        exhibit_of(path)


def test_figures_have_their_caption(report: Path) -> None:
    text = text_of(report)["figures-nasbench201-cifar10-analog.html"]
    assert "Best so far against the number of distinct architectures evaluated" in text
    assert "snakemake" not in text


def test_packages_are_held_against_the_lock(tmp_path: Path) -> None:
    environment = read_environment(tmp_path, {"a_b": "1.0", "c": "2"})
    assert dict(environment.locked) == {"a-b": "1.0", "c": "2"} and not environment.packages


def test_a_study_without_claims_has_no_page_and_no_link_on_them(study: FinishedStudy) -> None:
    path = study.root / study.findings
    path.write_text(path.read_text().replace("- [verdicts](verdicts.md)\n", ""))
    report = study.root / study.folder
    for each in (study, replace(study, verdicts=""), study):
        write_report(each)
        pages = text_of(report)
        assert ("verdicts.html" in pages) is bool(each.verdicts)
        assert ("erdicts" in "".join(pages.values())) is bool(each.verdicts)
        assert ("tested here" in pages["index.html"]) is bool(each.verdicts)
    assert list(broken_links(report)) == []


def test_every_page_names_the_study(report: Path) -> None:
    pages = {name: text for name, text in text_of(report).items() if name.endswith(".html")}
    assert all("Odd &amp; ends</title>" in text for text in pages.values())
    assert "<h1>Odd &amp; ends</h1>" in pages["index.html"]


def test_the_papers_tables_come_first_as_they_are_printed(study: FinishedStudy) -> None:
    values = np.linspace(94.0, 94.3733, 40)
    numbers = PRINTED["nasbench201"](PUBLISHED / "nasbench201.csv")
    both = [runs_of(values, method=name) for name in ("ednag", "random")]
    stem = study.root / "results/evidence/published-nasbench201"
    paths = [stem.with_suffix(f".{suffix}") for suffix in ("csv", "md", "tex")]
    write_published(published_table(numbers, record_of(*both)), "nasbench201", paths)
    tables = [*study.tables, "results/evidence/published-nasbench201.csv"]
    write_report(replace(study, tables=tables))
    pages = text_of(study.root / study.folder)
    first = pages["index.html"]
    assert 0 < first.find("The papers' tables") < first.index("Audit: sound")
    assert '<th scope="colgroup" colspan="2">CIFAR-10 (%)</th>' in first
    ours = "<strong>94.19 ± 0.11</strong>"
    assert ours in first and ours in pages["table-published-nasbench201.html"]
    assert "a: " in first and "published by others" in first
    assert list(broken_links(study.root / study.folder)) == []
