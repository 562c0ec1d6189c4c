"""A test is skipped exactly when a third-party file that it needs is not here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Mirror

ROOT = Path(__file__).resolve().parents[2]
#: One of its tests needs the file NEEDED.
TESTS = "tests/tables/test_nasbench101_vis.py"
NEEDED = "nasbench101_vis_20k.json"


def told(**places: str | Path) -> str:
    """What pytest says of TESTS, which must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", TESTS],
        cwd=ROOT,
        env={**os.environ, **{name: str(place) for name, place in places.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("files", [{}, {"notes.txt": "mine"}, {NEEDED: "{}"}], ids=str)
def test_a_mirror_without_the_file_skips_what_needs_it(
    files: dict[str, str], tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    output = told(EDNAG_MIRROR=tmp_path)
    assert f"needs {NEEDED} as sources.yaml has it in a folder of EDNAG_MIRROR" in output
    assert "1 skipped" in output


def test_a_file_in_any_folder_is_found_past_wrong_ones(mirror: Mirror, tmp_path: Path) -> None:
    held = mirror("nasbench101-vis-20k")
    (tmp_path / NEEDED).write_text("{}")
    places = [tmp_path / "nowhere", tmp_path, held.parent]
    output = told(EDNAG_MIRROR=os.pathsep.join(map(str, places)), EDNAG_REGISTRY="not.yaml")
    assert "skipped" not in output
