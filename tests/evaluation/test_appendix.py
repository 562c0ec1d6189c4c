"""`ednag appendix`: the pages say what the study is, and every evidence is there."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from ednag.errors import EdnagError
from ednag.evaluation.appendix import Section, appendix_of, as_latex, as_markdown, codecheck
from ednag.evaluation.checklists import answered
from ednag.evaluation.session import Session
from ednag.evaluation.subjects import with_all_data
from ednag.methods.instances import define_methods
from ednag.provenance.recording import project_folder
from ednag.study.artefacts import ARTEFACTS

SECTIONS = [Section("Costs & times", ("50 % of `a_b`",), ("Command", "Why"), (("`a|b`", "x_y"),))]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    """The default study in an empty folder."""
    monkeypatch.chdir(tmp_path)
    yield Session.of(None)
    define_methods("")


def test_both_formats_say_the_same() -> None:
    assert "| `a\\|b` | x_y |" in as_markdown(SECTIONS)
    latex = as_latex(SECTIONS)
    assert r"\section{Costs \& times}" in latex
    assert r"50 \% of a\_b" in latex
    assert r"a|b & x\_\allowbreak{}y \\" in latex
    assert latex.count(r"\begin{longtable}") == latex.count(r"\end{longtable}") == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_latex_compiles_within_its_page(session: Session, tmp_path: Path) -> None:
    article = (
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{array,booktabs,longtable}"
        "\n\\begin{document}\n" + as_latex(appendix_of(session)) + "\\end{document}\n"
    )
    (tmp_path / "article.tex").write_text(article, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "article.tex"]
    for _ in range(2):  # longtable takes the widths of the run before
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    too_wide = re.findall(rb"Overfull .hbox .([0-9.]+)pt", done.stdout)
    assert max(map(float, too_wide), default=0) < 25, "points beside the text"


def test_every_answer_has_evidence_that_exists(session: Session) -> None:
    grammar = [each.grammar for each in ARTEFACTS]
    lists = answered(session.plan)
    assert [len(each.items) for each in lists] == [16, 14]
    for item in (item for each in lists for item in each.items):
        assert item.answer in ("yes", "partly", "no", "not applicable")
        assert "{" not in item.because
        assert item.evidence
        for named in item.evidence:
            is_result = named.startswith(("results/", "figures/", "ednag "))
            assert is_result or (project_folder() / named).exists(), named
            if named.startswith("figures/"):
                assert any(each.startswith(named.split(".")[0]) for each in grammar)


def test_answers_are_of_the_study(session: Session) -> None:
    study = session.plan.study.model_copy(
        update={"methods": session.plan.study.methods[:1], "seeds": (0, 1)}
    )
    plan = type(session.plan)(
        study, session.plan.is_here, session.plan.file_of, session.plan.published
    )
    answers = {item.question: item.answer for item in answered(plan)[0].items}
    assert answers["Is there a comparison with random search?"] == "no"
    assert answers["Are there several runs, and are their seeds reported?"] == "partly"
    assert answers["Are there ablation studies?"] == "no"


def test_the_manifest_names_tables_and_figures_of_the_lock(session: Session) -> None:
    locked = {
        "resources/a/b.csv": ("0" * 64, 1),
        "results/evidence/nasbench201.csv": ("1" * 64, 2),
        "results/evidence/nasbench201.md": ("2" * 64, 2),
        "figures/ranks-paper.csv": ("3" * 64, 2),
    }
    written = yaml.safe_load(codecheck(session, locked))
    assert [each["file"] for each in written["manifest"]] == [
        "results/evidence/nasbench201.csv",
        "figures/ranks-paper.csv",
    ]
    assert "sha256 " + "1" * 64 in written["manifest"][0]["comment"]
    assert written["version"].startswith("https://codecheck.org.uk/spec/config/")
    assert written["paper"]["title"].startswith("Evolution Meets Diffusion")
    with pytest.raises(EdnagError, match="ednag lock"):
        codecheck(session, {})


@pytest.mark.workflow
def test_the_page_of_the_documentation_is_what_the_command_writes(
    session: Session, mirror: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = [
        mirror(id).parent
        for id in with_all_data(session.plan).sources
        if not session.registry[id].addresses[0].startswith("package:")
    ]
    monkeypatch.setenv("EDNAG_MIRROR", os.pathsep.join(map(str, dict.fromkeys(fetched))))
    kept = (project_folder() / "docs" / "appendix.md").read_text(encoding="utf-8")
    made = as_markdown(appendix_of(Session.of(None)))
    assert kept == made, "run: ednag appendix --output new.md && mv new.md docs/appendix.md"
    assert re.search(r"`ednag evaluate beats-random-nasbench201-cifar10` \|.*\| \d+ s \|", kept)
