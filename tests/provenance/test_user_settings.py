"""No setting of the user reaches a table or a figure, and none is read for one."""

from pathlib import Path

import pytest

from tests.provenance.conftest import FIGURE, Tree, last_jobs

#: Other fonts, sizes and colours, a program that may not be there, values that are none.
MATPLOTLIBRC = b"""
font.size: 20
axes.facecolor: red
savefig.dpi: 30
savefig.transparent: True
path.sketch: 1, 100, 2
text.usetex: True
backend: nonsense
lines.linewidth: wide
"""
#: Also an encoding that knows no letter beyond ASCII.
ELSEWHERE = {
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONUTF8": "0",
    "COLUMNS": "20",
    "LINES": "3",
    "PYTHONHASHSEED": "1",
    "SOURCE_DATE_EPOCH": "0",
    "OMP_NUM_THREADS": "1",
}


def assert_same(tree: Tree, built: Tree, output: str) -> None:
    """The job of `output` left the same bytes as in another tree, and read what it declares."""
    record = tree.record(output)
    assert record.undeclared_reads == ()
    assert len(record.outputs) == 3
    for file in record.outputs:
        assert (tree / file.path).read_bytes() == (built / file.path).read_bytes(), file.path


@pytest.mark.parametrize("place", ["here", "MATPLOTLIBRC", "MPLCONFIGDIR"])
@pytest.mark.parametrize("last", [b"", b"\xff"], ids=["readable", "unreadable"])
def test_figures_start_from_the_defaults_of_matplotlib(
    built: Tree, tree: Tree, tmp_path: Path, place: str, last: bytes
) -> None:
    folder = tree.root if place == "here" else tmp_path / "settings"
    folder.mkdir(exist_ok=True)
    (folder / "matplotlibrc").write_bytes(MATPLOTLIBRC + last)
    settings = {"MPLBACKEND": "nonsense"} if place == "here" else {place: str(folder)}
    (job,) = [job for job in last_jobs(tree) if job[-1] == f"{FIGURE}.csv"]
    tree.job(*job[:-1], output=job[-1], **settings)
    assert_same(tree, built, job[-1])


def test_place_language_and_width_reach_no_table_and_no_figure(built: Tree, tree: Tree) -> None:
    for job in last_jobs(tree):
        tree.job(*job[:-1], output=job[-1], **ELSEWHERE)
        assert_same(tree, built, job[-1])
