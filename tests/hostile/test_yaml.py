"""YAML files made to exhaust memory or time are refused in one line, by whatever reads them."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.evidence.claims import read_claims
from ednag.sources.lock import load_lock
from ednag.sources.registry import load_registry
from ednag.yaml_files import read_yaml


def doubled(times: int, first: str) -> str:
    """Each line holds the line before it nine times."""
    lines = [f"a0: &a0 {first}"]
    for at in range(1, times):
        lines.append(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]")
    return "\n".join(lines) + "\n"


def merged(times: int) -> str:
    """Each mapping merges the one before it nine times."""
    lines = ["a0: &a0 {k: v}"]
    for at in range(1, times):
        lines.append(f"a{at}: &a{at} {{<<: [{', '.join([f'*a{at - 1}'] * 9)}]}}")
    return "\n".join(lines) + "\n"


BOMBS = {
    "aliases of lists": (doubled(9, "[lol, lol]"), "aliases expand to too many values"),
    "aliases of a long text": (
        f"a: &a {'x' * 10_000}\nb: [{', '.join(['*a'] * 5_000)}]\n",
        "aliases expand to too many values",
    ),
    "merge keys": (merged(9), "aliases expand to too many values"),
    "an alias in itself": (
        "a: &a [*a]\n",
        ":1: not valid YAML: the alias \\*a stands inside itself",
    ),
    "an alias in itself, deeper": ("a: &a {b: [{c: *a}]}\n", "stands inside itself"),
    "lists in lists": ("a: " + "[" * 100 + "]" * 100, "nested more than 50 deep"),
    "a million brackets": ("a: " + "[" * 900_000, "nested more than 50 deep"),
    "mappings in mappings": ("{a: " * 200_000, "nested more than 50 deep"),
    "blocks in blocks": (
        "".join(" " * depth + "a:\n" for depth in range(1000)),
        "nested more than 50 deep",
    ),
    "too long": ("# " + "x" * 1_000_000, "has more than 1,000,000 bytes"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", ":3: not valid YAML: key 'a' is given twice"),
    "a list as key": ("? [a]\n: 1\n", "not valid YAML"),
    "a number of 5,000 digits": (f"a: {'9' * 5_000}\n", "not valid YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "not valid YAML"),
    "an unknown alias": ("a: *b\n", "not valid YAML"),
    "a tag of Python": ("a: !!python/object/apply:os.system [id]\n", "not valid YAML"),
}

READERS: dict[str, Callable[[Path], object]] = {
    "read_yaml": read_yaml,
    "registry": load_registry,
    "lock": load_lock,
    "claims": read_claims,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", BOMBS)
def test_bombs_are_refused_in_one_line(case: str, reader: str, tmp_path: Path) -> None:
    text, fault = BOMBS[case]
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(EdnagError, match=fault) as caught:
        READERS[reader](path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message and len(message) < 1000


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_are_named(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("a: \u00e9\n".encode(encoding))
    with pytest.raises(EdnagError, match=r"is not UTF-8 text \(byte \d\); save it as UTF-8"):
        read_yaml(tmp_path / "a.yaml")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(EdnagError, match=r"is a folder, pipe or device; name a file"):
            read_yaml(path)


def test_many_keys_are_read_at_once(tmp_path: Path) -> None:
    """The time grows with the number of keys, not with its square."""
    path = tmp_path / "keys.yaml"
    path.write_text("".join(f"k{at}: 1\n" for at in range(70_000)))
    assert len(read_yaml(path)) == 70_000


def test_aliases_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, y: [*a, *a]}\n")
    assert read_yaml(path) == {"a": {"x": 1}, "b": {"x": 1, "y": [{"x": 1}, {"x": 1}]}}


@pytest.mark.parametrize("case", ["aliases of lists", "mappings in mappings"])
def test_a_study_that_is_a_bomb_takes_no_memory(case: str, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(BOMBS[case][0])
    done = subprocess.run(
        [sys.executable, "-m", "ednag", "config", "check", str(tmp_path / "study.yaml")],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("ednag: ")
