r"""Numbers for a manuscript, and a manuscript held against them."""

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from ednag.cli import group
from ednag.evidence.numbers import as_json, as_macros, decimals_of, from_json, numbers_of

ARTICLE = Path(__file__).parents[2] / "docs" / "example-article" / "main.tex"
TABLE = Path("results/tables/nasbench201/cifar10-analog.parquet")


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [
        (93.95, 94.01, 3),
        (90.0, 94.0, 1),
        (50.0, 90.0, 0),
        (1.0, 1.0, 2),
        (float("nan"), 1.0, 2),
        (0.0, 1e-9, 5),
    ],
)
def test_half_an_interval_has_two_digits(low: float, high: float, decimals: int) -> None:
    assert decimals_of(low, high) == decimals


def row(**fields: object) -> dict[str, object]:
    return {
        "space": "nasbench201",
        "dataset": "cifar10",
        "protocol": "paper",
        "method": "ednag",
        "mean": 94.3436,
        "mean_low": 94.329,
        "mean_high": 94.358,
        "sd": 0.07,
        "seeds": 100,
        "optimum": 94.37333,
        "optimum_found": 0.7,
        "hours": float("nan"),
        **fields,
    }


def test_ids_and_rounding() -> None:
    own = pd.DataFrame([row(), row(protocol="validation", mean=94.1)])
    budgets = pd.DataFrame(
        [
            row(counted=counted, budget=budget)
            for counted, budget in [("distinct evaluations", 100), ("look-ups", 100), ("hours", 2)]
        ]
    )
    ranks = pd.DataFrame(
        {"budget": [100], "method": ["ednag"], "mean_rank": [4.16], "datasets": 27}
    )
    found = numbers_of({"own.csv": own, "equal.csv": budgets, "over-datasets-paper.csv": ranks})
    texts = {name: number.text for name, number in found.items()}
    assert texts["nasbench201/cifar10/ednag/mean"] == "94.344"
    assert texts["nasbench201/cifar10/ednag/found"] == "70"
    assert texts["nasbench201/cifar10/ednag/seeds"] == "100"
    assert texts["validation/nasbench201/cifar10/ednag/mean"] == "94.100"
    assert texts["all/ednag/100/rank"] == "4.2"
    assert not any(name.endswith("hours") for name in texts)
    number = found["nasbench201/cifar10/ednag/100/mean"]
    assert number.trace == (
        "ednag trace equal.csv --row cifar10 --row paper --row ednag "
        "--row 'distinct evaluations' --row 100 --column mean"
    )
    assert from_json(json.loads(as_json(found))) == found
    assert r"\expandafter\def\csname ednag@all/ednag/100/rank\endcsname{4.2}" in as_macros(found)


ROWS = [
    row(distinct_evaluations=12345),
    row(method="random", mean=93.5),
    row(method="below", mean_low=-1.25),
]
NUMBERS = as_json(numbers_of({"own.csv": pd.DataFrame(ROWS)}))
EDNAG, RANDOM = "nasbench201/cifar10/ednag", "nasbench201/cifar10/random"
BELOW = "nasbench201/cifar10/below"


def check(tmp_path: Path, text: str, *options: str) -> Result:
    (tmp_path / "numbers.json").write_text(NUMBERS)
    (tmp_path / "main.tex").write_text(text)
    where = ("--numbers", str(tmp_path / "numbers.json"))
    return CliRunner().invoke(
        group, ["paper", "check", str(tmp_path / "main.tex"), *where, *options]
    )


@pytest.mark.parametrize(
    "line",
    [
        rf"mean \ednag{{{EDNAG}/mean}}",
        f"mean 94.34 % ednag: {EDNAG}/mean",
        rf"94\,\% and 94.3436 % ednag: {EDNAG}/mean, {EDNAG}/mean",
        rf"$94.344\pm0.07$ % ednag: {EDNAG}/mean, {EDNAG}/sd",
        rf"EDNAG & 94.34 \\% ednag: {EDNAG}/mean",
        rf"EDNAG & 94.34 & 70\,\% \\ % ednag: {EDNAG}/mean, {EDNAG}/found",
        rf"\cite{{a2022}} 94.3 % ednag: {EDNAG}/mean",
        rf"\num{{94.34}} % ednag: {EDNAG}/mean",
        f"94 & 94.34 % ednag: {EDNAG}/mean, {EDNAG}/mean",
        f"12,345 % ednag: {EDNAG}/distinct",
        rf"12\,345.0 and 12{{,}}345 % ednag: {EDNAG}/distinct, {EDNAG}/distinct",
        f"$[0,100]$: 100 % ednag: {EDNAG}/seeds",
        f"93--94.34 and 93-94.34 % ednag: {EDNAG}/mean, {EDNAG}/mean",
        f"$94.4 - 94.34$ and (a)-94.34 % ednag: {EDNAG}/mean, {EDNAG}/mean",
        f"$-1.25$, $-$1.25, {{-}}1.25, (-1.2) % ednag: {BELOW}/low, {BELOW}/low, {BELOW}/low",
        rf"\textminus 1.25 and \textminus{{}}1.25 % ednag: {BELOW}/low, {BELOW}/low",
    ],
)
def test_true_numbers_agree(tmp_path: Path, line: str) -> None:
    result = check(tmp_path, line)
    assert result.exit_code == 0, result.output
    assert "numbers are the study's" in result.output


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (rf"\ednag{{{EDNAG}/maen}}", "no number 'nasbench201/cifar10/ednag/maen'; did you mean"),
        (f"94.43 % ednag: {EDNAG}/mean", "94.43 is declared as nasbench201/cifar10/ednag/mean"),
        (f"$-94.34$ % ednag: {EDNAG}/mean", "-94.34 is declared as"),
        (f"\u221294.34 % ednag: {EDNAG}/mean", "-94.34 is declared as"),
        (f"1.25 % ednag: {BELOW}/low", "1.25 is declared as"),
        (f"94.43 % ednag: {EDNAG}/mean", "which is 94.344; its chain: ednag trace own.csv --row"),
        (f"94.35 % ednag: {EDNAG}/mean", "94.35 is declared as"),
        (f"94.34 % ednag: {EDNAG}/mean, {EDNAG}/mean", "no number left for"),
        (f"none % ednag: {EDNAG}/mean", "the line has no number left for"),
        (f"% 94.34\nelsewhere % ednag: {EDNAG}/mean", "main.tex:2: the line has no number"),
        (f"93.5, 94.34 % ednag: {EDNAG}/mean, {RANDOM}/mean", "no number left for"),
        (f"94.43 % EDNAG: {EDNAG}/mean", "94.43 is declared as"),
        (f"94.43 %% ednag : {EDNAG}/mean", "94.43 is declared as"),
        (f"94.34 & 93.5 % ednag: {EDNAG}/mean,\n% {RANDOM}/mean", "write all ids of a line"),
        (rf"\ednag {{{EDNAG}/maen}}", "no number 'nasbench201/cifar10/ednag/maen'; did you mean"),
        (rf"12\,346 % ednag: {EDNAG}/distinct", "12346 is declared as"),
        ("\\ednag{zzz}", "no number 'zzz'; its ids are in numbers.json"),
        (rf"\ref{{94.34}} % ednag: {EDNAG}/mean", "the line has no number"),
        ("% ednag: nonsense", "no number 'nonsense'"),
    ],
)
def test_an_altered_digit_is_found_with_its_chain(tmp_path: Path, line: str, message: str) -> None:
    result = check(tmp_path, line)
    assert result.exit_code != 0
    assert message in result.output


def test_undeclared_numbers_are_offered(tmp_path: Path) -> None:
    result = check(tmp_path, "It has 94.344 and 12.5, v94.344 and 94.3441, in 100 seeds.")
    assert result.exit_code == 0
    assert result.output.count("declare it") == 1
    assert f"94.344 equals {EDNAG}/mean; declare it" in result.output
    assert "declare it" not in check(tmp_path, "It has 94.344", "--no-offers").output


def test_files_taken_in_are_read(tmp_path: Path) -> None:
    (tmp_path / "table.tex").write_text(f"94.99 % ednag: {EDNAG}/mean\n")
    for taken in (r"\input{table}", r"\input table", r"\include {table.tex}"):
        result = check(tmp_path, rf"\includegraphics{{94.344}} {taken} % \input{{not_here}}")
        assert result.exit_code != 0
        assert "table.tex:1: 94.99 is declared" in result.output
    (tmp_path / "table.tex").write_text(r"\input{main}")
    assert "takes in itself" in str(check(tmp_path, r"\input{table}").exception)
    assert "not_here" in str(check(tmp_path, r"\input{not_here}").exception)


def test_what_is_no_file_of_numbers_is_one_line(tmp_path: Path) -> None:
    for text in ("[]", "{}x", '{"a": 1}', '{"a": {"value": 1}}'):
        (tmp_path / "other.json").write_text(text)
        (tmp_path / "main.tex").write_text("")
        where = ["--numbers", str(tmp_path / "other.json")]
        result = CliRunner().invoke(group, ["paper", "check", str(tmp_path / "main.tex"), *where])
        assert result.exit_code != 0
        assert "make it again" in str(result.exception)


def test_a_study_that_is_not_here_is_one_line_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_text("")
    where = ["--root", str(tmp_path)]
    result = CliRunner().invoke(group, ["paper", "check", str(tmp_path / "main.tex"), *where])
    assert result.exit_code != 0
    assert "name its folder: --root studies/NAME" in str(result.exception)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default study's numbers of EDNAG and random search on one table."""
    folder = tmp_path_factory.mktemp("study")

    def ednag(*arguments: str) -> None:
        subprocess.run(["ednag", *arguments], cwd=folder, check=True, capture_output=True)

    table = ("--table", str(TABLE))
    where = ("--space", "nasbench201", "--dataset", "cifar10-analog")
    ednag("tables", "build", *where, "--output", str(TABLE))
    runs = [f"results/runs/{method}.parquet" for method in ("ednag", "random")]
    for path in runs:
        method = Path(path).stem
        ednag("run", *table, "--method", method, "--seeds", "0-99", "--output", path)
    parts = [f"--{name}=results/{name}.parquet" for name in ("output", "anytime", "steps")]
    ednag("summarise", *runs, *table, "--seeds", "0-99", *parts)
    tables = ["results/evidence/nasbench201.csv", "results/evidence/nasbench201-equal-budget.csv"]
    for kind, path in zip(("own-end", "equal-budget"), tables, strict=True):
        ednag("tabulate", kind, "results/output.parquet", "--output", path)
    files = ("--macros", "results/numbers.tex", "--data", "results/numbers.json")
    ednag("numbers", *tables, *files)
    return folder


def test_the_example_article_cites_the_study(study: Path) -> None:
    result = CliRunner().invoke(group, ["paper", "check", str(ARTICLE), "--root", str(study)])
    assert result.exit_code == 0, result.output
    assert "11 numbers are the study's" in result.output


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_example_article_compiles(study: Path) -> None:
    shutil.copy(ARTICLE, study / "main.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    made = subprocess.run(command, cwd=study, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout[-2000:]
    assert "Overfull" not in made.stdout
