"""Feature files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.predictor.features import of_classes, read_features, write_features

GOOD = torch.arange(3 * 512, dtype=torch.float32).reshape(3, 512)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    whole = np.random.default_rng(0).normal(size=(50, 512)).astype(np.float32)
    features = {7: whole[:20], 0: whole[20:]}
    write_features(features, tmp_path / "one.pt")
    write_features(dict(reversed(features.items())), tmp_path / "two.pt")
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()
    assert (tmp_path / "one.pt").stat().st_size < 50 * 512 * 4 + 3000
    found = read_features(tmp_path / "one.pt")
    assert list(found) == [0, 7]
    for number, expected in features.items():
        assert found[number].dtype == np.float32
        np.testing.assert_array_equal(found[number], expected)


@pytest.mark.parametrize("zipped", [True, False])
def test_the_forms_of_a_class(zipped: bool, tmp_path: Path) -> None:
    content = {1: GOOD, 0: [GOOD], 2: [GOOD, GOOD.double()]}
    torch.save(content, tmp_path / "f.pt", _use_new_zipfile_serialization=zipped)
    found = read_features(tmp_path / "f.pt")
    assert {number: each.shape for number, each in found.items()} == {
        0: (3, 512),
        1: (3, 512),
        2: (6, 512),
    }
    np.testing.assert_array_equal(found[2][3:], GOOD)


class _Harmful:
    def __reduce__(self) -> tuple:
        return Path.touch, (Path("harmed"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({0: [GOOD], 3: [GOOD[:, :511]]}, "class 3: features are 511 numbers long, not 512"),
        ({0: [GOOD / 0]}, "class 0: NaN or infinity"),
        ({0: GOOD[0]}, "class 0: not a tensor of images x 512"),
        ({0: []}, "class 0: not a tensor"),
        ({0: [[1.0]]}, "class 0: not a tensor"),
        ({"cat": [GOOD]}, "'cat' is not a class number"),
        ({-1: [GOOD]}, "-1 is not a class number"),
        ([GOOD], "a list and not features by class"),
        ({}, "a dict and not features by class"),
        ({0: _Harmful()}, "not a feature file"),
    ],
)
def test_wrong_files_are_refused_in_one_line(
    content: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(content, "features.pt")
    with pytest.raises(EdnagError, match=message) as raised:
        read_features(Path("features.pt"))
    assert str(raised.value).startswith("features.pt: ")
    assert "\n" not in str(raised.value)
    assert not Path("harmed").exists()


def test_an_absent_file_and_text(tmp_path: Path) -> None:
    with pytest.raises(EdnagError, match="there is no such file"):
        read_features(tmp_path / "absent.pt")
    (tmp_path / "text.pt").write_text("features")
    with pytest.raises(EdnagError, match="not a feature file"):
        read_features(tmp_path / "text.pt")


def test_some_classes() -> None:
    features = {0: GOOD.numpy(), 5: GOOD[:1].numpy()}
    assert [len(each) for each in of_classes(features, [5, 0], 1, "task 3")] == [1, 3]
    with pytest.raises(EdnagError, match="task 3: the features hold no class 4"):
        of_classes(features, [0, 4], 1, "task 3")
    with pytest.raises(EdnagError, match="task 3: class 5 has 1 images, 2 are asked for"):
        of_classes(features, [0, 5], 2, "task 3")
