"""A small study's files, in the formats that the workflow writes, with odd names."""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from ednag.evidence.figures import save_drawing
from ednag.evidence.tables import write_evidence
from ednag.evidence.writing import write_frame
from ednag.files import write_text
from ednag.report.pages import FinishedStudy, write_report

ODD = '<script>alert(1)</script> & "more"'


def drawn_curves() -> pd.DataFrame:
    """Curves of two methods, 300 points each, as `anytime.csv` has them."""
    counted = ["distinct evaluations", "look-ups"]
    rows = [(kind, name, n) for kind in counted for name in ("ednag", "random") for n in range(300)]
    frame = pd.DataFrame(rows, columns=["counted", "method", "evaluations"])
    values = 90 + frame["evaluations"] / 100
    columns = ["median", "quartile_low", "quartile_high", "mean"]
    return frame.assign(
        evaluations=frame["evaluations"] + 1, running=3, **dict.fromkeys(columns, values)
    )


def drawn_outcomes() -> pd.DataFrame:
    """Three runs of two methods, as `outcomes.csv` has them; the last saw no architecture."""
    frame = pd.DataFrame(
        [(method, seed) for method in ("ednag", "random") for seed in range(3)],
        columns=["method", "seed"],
    )
    outcome = [93.1, 93.2, 93.3, 93.1, 93.1, float("nan")]
    return frame.assign(status="completed", outcome=outcome, optimum=94.0, distinct=500)


@pytest.fixture
def study(tmp_path: Path) -> FinishedStudy:
    """A study with two tables, a figure, three claims and a chain page; no record."""
    names = {"space": "nasbench201", "dataset": "cifar10-analog", "protocol": "paper"}
    methods = ["ednag", "random", "nar"]
    frame = pd.DataFrame({"method": methods, "seeds": 3, "mean": [9.5, 10.25, float("nan")]})
    rest = {"sd": 1.0, "mean_low": 9.0, "mean_high": 11.0, "optimum_found": 0.5}
    rest |= {"optimum_found_low": 0.1, "optimum_found_high": 0.9}
    rest |= {f"distinct_{name}": 30 for name in ("evaluations", "low", "high")}
    evidence = tmp_path / "results" / "evidence"
    paths = [evidence / f"nasbench201.{suffix}" for suffix in ("csv", "md", "tex")]
    write_evidence(frame.assign(**rest, **names), "A note of nasbench201.", paths)
    odd = pd.DataFrame(
        {
            "Method": ["a", ODD, "c"],
            "Mean": ["9.50 [9.1, 9.9]", "10.25 [10.0, 10.5]", "–"],
            "Runs": ["3", "20", "1,000"],
        }
    )
    write_frame(odd, odd, "", [evidence / f"sources-nasbench201.{each}" for each in ("csv", "md")])
    figure, axes = plt.subplots()
    axes.plot([1, 2], [3, 4])
    stem = tmp_path / "figures" / "nasbench201" / "cifar10-analog" / "paper" / "anytime"
    files = [stem.with_suffix(f".{suffix}") for suffix in ("csv", "png", "pdf")]
    save_drawing(figure, drawn_curves(), files)
    outcomes = [path.with_stem("outcomes") for path in files]
    save_drawing(figure, drawn_outcomes(), outcomes)
    claim = {
        "id": "one", "kind": "ednag", "statement": ODD, "rule": "mean",
        "source": "EDNAG, table in published/nasbench201.csv",
        "verdict": "reproduced", "why": "1 < 2",
        "printed": 94.37, "ours": 94.3, "low": 94.2, "high": 94.4, "runs": 100,
        "rests_on": ["results/runs/"],
    }  # fmt: skip
    other = claim | {"id": "two", "verdict": "not reproduced"}
    empty = {"printed": None, "ours": None, "low": None, "high": None, "runs": 0, "rests_on": []}
    (tmp_path / "results" / "runs").mkdir()
    verdicts = {
        "seeds": "0-99",
        "counts": {"reproduced": 1, "not reproduced": 1, "needs data": 1},
        "kinds": [
            {
                "kind": kind,
                "title": f"{kind} claims",
                "tested": {"reproduced": count, "not reproduced": count},
                "not_tested": {"needs data": count},
            }
            for kind, count in (("ednag", 1), ("audit", 0))
        ],
        "claims": [claim, other, claim | empty | {"id": "three", "verdict": "needs data"}],
    }
    source = {
        "id": "s", "file": "resources/s/f", "sha256": "0" * 64, "size": 1234567,
        "vouched_by": "registry", "addresses": ["https://example.org/f"],
    }  # fmt: skip
    audit = {"verdict": "3 files", "sound": True, "sources": [source], "faults": [], "notes": []}
    results = tmp_path / "results"
    write_text(results / "verdicts.json", json.dumps(verdicts))
    write_text(results / "verdicts.md", "# Verdicts\n")
    write_text(results / "audit.json", json.dumps(audit))
    write_text(results / "audit.md", "# Audit\n")
    findings = (
        f"# Findings\n\nComputed from 3 runs. {ODD}\n\n- [verdicts](verdicts.md)\n"
        "\n## Datasets\n\nNot on the first page.\n"
    )
    write_text(results / "findings.md", findings)
    rows = "".join(f'<tr id="nasbench201-{row}"></tr>' for row in range(3))
    write_text(results / "provenance" / "chains" / "nasbench201.html", f"<table>{rows}</table>")
    return FinishedStudy(
        root=tmp_path,
        folder="results/report",
        title="Odd & ends",
        facts=[("seeds", "0-99"), ("methods", ODD)],
        tables=["results/evidence/nasbench201.csv", "results/evidence/sources-nasbench201.csv"],
        figures=[
            f"figures/nasbench201/cifar10-analog/paper/{name}.csv"
            for name in ("anytime", "outcomes")
        ],
        verdicts="results/verdicts.json",
        findings="results/findings.md",
        audit="results/audit.json",
        chains=["results/provenance/chains/nasbench201.html"],
        pinned={"numpy": "2.0"},
    )


@pytest.fixture
def report(study: FinishedStudy) -> Path:
    """The folder of the study's report."""
    write_report(study)
    return study.root / study.folder
