"""Printed tables beside regenerated numbers."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ednag.evidence.generated import describe_run
from ednag.evidence.paper_layout import DIFFERS, layout_of, readable_published, write_published
from ednag.evidence.published import PRINTED, TRAINING_SECONDS, PrintedNumber, published_table
from ednag.evidence.record import StudyRecord
from ednag.methods.interface import Run
from ednag.sources.lookup import locate
from ednag.study.published import PUBLISHED_TABLES
from ednag.tables import get_definition

from .claims_data import PUBLISHED, generated_of, record_of, runs_of

RUNS = runs_of(np.linspace(94.0, 94.3733, 40))


def table_of(name: str, record: object) -> pd.DataFrame:
    file, read = PUBLISHED_TABLES[name], PRINTED[name]
    return published_table(read(PUBLISHED / file), record)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PRINTED)
def test_no_printed_row_is_lost_and_every_gap_is_explained(name: str) -> None:
    record = record_of(generated_of(RUNS))
    frame = table_of(name, record)
    lines = (PUBLISHED / PUBLISHED_TABLES[name]).read_text().splitlines()[1:]
    assert len(frame) >= sum(name in line or not name.startswith("transnas") for line in lines)
    assert (frame["note"].str.len() > 0).all()
    lacking = frame[frame["ours"].isna()]["note"]
    assert lacking.str.contains("needs|published by others|not comparable").all()


def test_a_cell_beside_its_regenerated_number() -> None:
    frame = table_of("nasbench201", record_of(RUNS))
    ours = frame[(frame["method"] == "EDNAG") & (frame["dataset"] == "cifar10")].iloc[0]
    assert ours["printed"] == "94.37"
    assert ours["ours"] == pytest.approx(RUNS["outcome"].mean())
    assert ours["difference"] == pytest.approx(RUNS["outcome"].mean() - 94.37)
    assert ours["low"] < ours["ours"] < ours["high"]
    assert (ours["seeds"], ours["total_evaluations"]) == (40, 8910)
    best = frame[(frame["method"] == "Global Best") & (frame["dataset"] == "cifar10")].iloc[0]
    assert best["difference"] == pytest.approx(0.00333, abs=1e-4)
    other = frame[(frame["method"] == "BOHB") & (frame["dataset"] == "cifar10")].iloc[0]
    assert (other["printed"], other["note"]) == (
        "93.61",
        "published by others; not run here",
    )
    missing = frame[(frame["method"] == "EDNAG") & (frame["dataset"] == "cifar100")].iloc[0]
    assert missing["note"] == "needs data nasbench201-cifar100-csv"


def random_row(*summaries: pd.DataFrame, dataset: str = "cifar10") -> tuple[pd.Series, str]:
    """The row of random search in the table, and our cell of it as it is shown."""
    frame = table_of("nasbench201", record_of(*summaries)).reset_index(drop=True)
    (row,) = np.flatnonzero((frame["method"] == "RS") & (frame["dataset"] == dataset))
    shown = readable_published(frame)
    title = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}[dataset]
    return frame.iloc[row], shown[f"{title} (%), ours"][shown["Method"].index("RS")]


def test_rows_of_other_papers_have_no_difference_under_the_papers_protocol() -> None:
    row, shown = random_row(RUNS.assign(method="random"))
    assert row["ours"] == pytest.approx(RUNS["outcome"].mean())
    assert np.isnan(row["difference"]) and DIFFERS not in shown
    assert "another quantity" in row["note"]
    assert "needs runs of random under protocol validation" in row["note"]


def test_a_row_of_nasbench201_has_a_difference_under_the_protocol_near_its_own() -> None:
    own = RUNS.assign(method="random")
    row, shown = random_row(own, own.assign(protocol="validation"))
    # After 100 distinct evaluations, see `runs_of`.
    assert row["ours"] == pytest.approx(RUNS["outcome"].mean() - 1)
    assert row["difference"] == pytest.approx(row["ours"] - 93.7)
    assert DIFFERS in shown and f"{row['ours']:.2f} ± " in shown
    assert "200 epochs, the printed search that after 12" in row["note"]
    far = pd.concat([own, own.assign(protocol="validation")]).drop(columns="best_after_100")
    row, shown = random_row(far)
    assert DIFFERS not in shown
    assert "needs statistics.checkpoints near 109" in row["note"]


def test_the_cells_of_nasbench201_were_searched_on_cifar10_alone() -> None:
    own = RUNS.assign(method="random", dataset="cifar100")
    row, shown = random_row(own, own.assign(protocol="validation"), dataset="cifar100")
    assert DIFFERS not in shown
    assert "searched on CIFAR-10" in row["note"]


def test_the_time_of_a_training_is_that_of_the_recorded_ones() -> None:
    definition = get_definition("nasbench201", "cifar10-valid")
    table = definition.build(locate(definition.sources), {})
    assert table.values["training_time"].mean() == pytest.approx(TRAINING_SECONDS, abs=0.05)


def test_other_trainings_of_the_same_space_are_never_taken() -> None:
    analog = record_of(runs_of(np.full(40, 94.0), dataset="cifar10-analog"))
    small = runs_of(np.full(40, 94.0), space="nasbench301", dataset="cifar10-725")
    for name in PRINTED:
        assert table_of(name, analog)["ours"].isna().all()
    frame = table_of("nasbench101-301", record_of(small))
    row = frame[(frame["method"] == "EDNAG") & (frame["space"] == "nasbench301")].iloc[0]
    assert row["note"] == "needs data nasbench301-zc"


def test_quality_validity_gaps_and_cost() -> None:
    others = runs_of(RUNS["outcome"].to_numpy() - 0.4, method="ednag-identity")
    record = record_of(generated_of(RUNS), others)
    quality = table_of("generated-quality", record)
    ours = quality[(quality["method"] == "EDNAG") & (quality["dataset"] == "cifar10")]
    assert ours["ours"].tolist() == [pytest.approx(94.3733), 93.0, 80.0]
    valid = table_of("validity", record).query("method == 'EDNAG'").iloc[0]
    assert valid["ours"] == pytest.approx(100 * (1 - 1 / 30 / 40))
    gap = table_of("mapping-ablation", record).set_index(["dataset", "quantity"])
    assert gap.loc[("cifar10", "energy_minus_identity"), "ours"] == pytest.approx(0.4)
    assert gap.loc[("cifar10", "energy_minus_power"), "note"] == "needs runs of ednag-power"
    cost = table_of("cost", record).query("method == 'EDNAG' and dataset == 'cifar10'").iloc[0]
    assert np.isnan(cost["difference"])
    assert (cost["total_evaluations"], cost["distinct_evaluations"]) == (8910, 500)
    assert cost["note"].startswith("not comparable")


def test_what_a_run_generated() -> None:
    run = Run(
        seed=0,
        status="completed",
        detail="",
        outcome=7,
        outcome_metric=90.0,
        total=100,
        distinct=3,
        invalid=20,
        codes=np.array([5, 7, 9], np.int32),
        metrics=np.array([50.0, 90.0, 10.0]),
        lookups=np.arange(3, dtype=np.int32),
        final_population=np.array([7, 7, 5, -1], np.int32),
        steps={"step_valid_rate": np.array([0.25, 1.0])},
    )
    found = describe_run(run)
    assert (found["last_size"], found["last_valid_share"], found["last_unique"]) == (4, 0.75, 2)
    assert (found["last_best"], found["last_worst"]) == (90.0, 50.0)
    assert found["last_mean"] == pytest.approx((90 + 90 + 50) / 3)
    assert (found["seen_mean"], found["seen_worst"]) == (50.0, 10.0)
    assert (found["steps"], found["first_invalid_share"]) == (2, 0.75)
    assert found["evaluated_valid_share"] == 0.8
    lower = describe_run(run, higher_is_better=False)
    assert (lower["last_best"], lower["last_worst"]) == (50.0, 90.0)


def test_the_files_are_the_same_each_time(tmp_path: Path) -> None:
    record = record_of(RUNS)
    made = []
    for _ in range(2):
        frame = table_of("nasbench201", record)
        paths = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "tex")]
        write_published(frame, "nasbench201", paths)
        made.append([path.read_bytes() for path in paths])
    assert made[0] == made[1]
    assert b"94.37" in made[0][1]
    assert len(pd.read_csv(tmp_path / "t.csv")) == len(frame)


def test_a_bound_has_no_difference() -> None:
    cell = PrintedNumber("nasbench201", "cifar10", "EDNAG", "gpu_hours", "<0.001")
    frame = published_table([cell], record_of(RUNS))
    assert np.isnan(frame["difference"].item())


def whole_record() -> StudyRecord:
    """Runs for some numbers of most tables."""
    places = [("nasbench201", "cifar10"), ("nasbench201", "cifar100"), ("nasbench301", "cifar10")]
    places += [("transnas-micro", name) for name in ("class_scene", "room_layout", "jigsaw")]
    runs = [
        generated_of(runs_of(values, *place, method))
        for place in places
        for method, values in (
            ("ednag", np.linspace(52.0, 56.0, 40)),
            ("random", np.linspace(50.0, 55.0, 30)),
        )
    ]
    return record_of(*runs)


def test_methods_are_rows_and_datasets_are_columns() -> None:
    frame = table_of("transnas-micro", whole_record())
    layout = layout_of(frame)
    assert [row.method for row in layout.rows] == frame["method"].unique().tolist()
    assert layout.groups[1] == "Scene classification (%)"
    rows = {row.method: row for row in layout.rows}
    printed, ours = rows["EDNAG"].pairs[1]
    assert (printed.text, ours.text) == ("54.91 ± 0.03", "54.00 ± 1.20")
    assert printed.is_best and ours.is_best and ours.marks[0] == DIFFERS
    assert rows["EDNAG"].runs([1]) == "40 × 500" and rows["EDNAG"].runs([0]) == ""
    assert rows["RS"].runs([1]) == "30 × 500"
    # Lower is better: random search has the lower loss here.
    loss = next(place for place, title in enumerate(layout.groups) if "lower is better" in title)
    assert rows["RS"].pairs[loss][1].is_best and not rows["EDNAG"].pairs[loss][1].is_best
    assert rows["EDNAG"].pairs[loss][0].is_best
    # What could not be run is a dash with the reason.
    (mark,) = rows["PPO"].pairs[1][1].marks
    assert rows["PPO"].pairs[1][1].text == "-" and layout.notes[mark].startswith("published by")
    assert not rows["Global Best"].pairs[1][0].is_best
    assert f" {mark}: published by others" in layout.footnotes


def test_a_printed_value_inside_our_interval_has_no_mark() -> None:
    runs = runs_of(np.full(40, 94.37) + np.tile([-1.0, 1.0], 20))
    cell = readable_published(table_of("nasbench201", record_of(runs)))["CIFAR-10 (%), ours"][-2]
    assert cell == "94.37 ± 1.01"


def test_the_tables_fit_on_a_page_of_two_columns(tmp_path: Path) -> None:
    program = shutil.which("pdflatex")
    found = program and subprocess.run(["kpsewhich", "booktabs.sty"], check=False)
    if program is None or not found or found.returncode:
        pytest.skip("needs LaTeX with booktabs: install the package texlive-latex-recommended")
    record = whole_record()
    for name in PRINTED:
        write_published(table_of(name, record), name, [tmp_path / f"{name}.tex"])
    tables = "".join(f"\\input{{{name}.tex}}\n" for name in PRINTED)
    (tmp_path / "all.tex").write_text(
        "\\documentclass[twocolumn]{article}\\usepackage{booktabs}\\begin{document}\n"
        f"{tables}\\end{{document}}\n"
    )
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert not re.findall(r"Overfull.*|Float too large.*", done.stdout)
