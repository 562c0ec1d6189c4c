"""Charts of a page hold what the CSV of their figure holds."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ednag.errors import EdnagError
from ednag.report.interactive import chart_of
from ednag.report.material import exhibit_of
from ednag.report.pages import FinishedStudy, write_report
from tests.report.conftest import drawn_curves

ANYTIME = "figures/nasbench201/cifar10-analog/paper/anytime.csv"


def chart(study: FinishedStudy, path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(chart_of(study.root, exhibit_of(path)))
    return found


def fields(part: Any) -> set[str]:
    """Names after "field" anywhere in a chart."""
    if isinstance(part, list):
        return set().union(*map(fields, part)) if part else set()
    if not isinstance(part, dict):
        return set()
    own = {part["field"]} if isinstance(part.get("field"), str) else set()
    return own | fields([value for key, value in part.items() if key != "data"])


@pytest.mark.parametrize("name", ["anytime", "outcomes"])
def test_a_chart_draws_columns_that_it_has(study: FinishedStudy, name: str) -> None:
    found = chart(study, ANYTIME.replace("anytime", name))
    columns = set(pd.read_csv(io.StringIO(found["data"]["values"])))
    made = {each["as"] for each in found.get("transform", []) if "as" in each}
    assert fields(found) <= columns | made
    assert "method" in fields(found) and set(found["data"]["format"]["parse"]) <= columns


def test_curves_are_thinned_and_keep_their_ends(study: FinishedStudy) -> None:
    held = pd.read_csv(io.StringIO(chart(study, ANYTIME)["data"]["values"]))
    sizes = held.groupby(["counted", "method"])["evaluations"].agg(["size", "min", "max"])
    assert (sizes["size"] <= 122).all() and (sizes["size"] > 60).all()
    assert set(sizes["min"]) == {1} and set(sizes["max"]) == {300}
    assert set(held["method"]) == {"EDNAG", "Random search"}
    drawn = drawn_curves().set_index("evaluations")["median"]
    expected = drawn[~drawn.index.duplicated()].loc[held["evaluations"]]
    assert held["median"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-5)


def test_a_figure_without_a_chart_and_one_of_an_older_study(study: FinishedStudy) -> None:
    assert chart_of(study.root, exhibit_of("figures/illustration.csv")) == ""
    (study.root / ANYTIME).write_text("method,seeds\nednag,3\n")
    with pytest.raises(EdnagError, match=r"has no column .*; make it again"):
        chart(study, ANYTIME)


def test_no_text_of_a_study_ends_a_chart(study: FinishedStudy) -> None:
    path = study.root / ANYTIME
    path.write_text(path.read_text().replace("look-ups", "</script><script>alert(1)</script>"))
    write_report(study)
    page = study.root / study.folder / "figures-nasbench201-cifar10-analog.html"
    assert "<script>alert" not in page.read_text()


def test_an_earlier_report_without_charts_is_replaced(study: FinishedStudy, report: Path) -> None:
    for name in ("vega.js", "vega.LICENSE"):
        (report / name).unlink()
    write_report(study)
    assert (report / "vega.js").stat().st_size < 1_500_000
