"""Registries and package addresses that name what they may not; checksums that are only a part."""

import hashlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from ednag.cli import group
from ednag.errors import EdnagError
from ednag.provenance.checks import vouched_by
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.places import in_package
from ednag.sources.registry import Source, load_registry

ROOT = Path(__file__).resolve().parents[2]
#: First bytes of a file that torch wrote before version 1.6.
MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """An empty cache, one mirror, no network."""
    (tmp_path / "mirror").mkdir()
    mirror = (tmp_path / "mirror",)
    return Surroundings(tmp_path / "cache", mirror, tmp_path / "sources.lock", offline=True)


def test_a_small_file_with_the_md5_suffix_is_not_nasbench201(around: Surroundings) -> None:
    # To find a file for the real suffix takes minutes; here the suffix is that of a file.
    real = load_registry(ROOT / "sources.yaml")["nasbench201-v1_0"]
    source = real.model_copy(update={"md5_suffix": hashlib.md5(MAGIC).hexdigest()[-6:]})
    (around.mirrors[0] / real.file).write_bytes(MAGIC)
    with pytest.raises(EdnagError, match=r"bytes, at least 2,100,000,000 are expected"):
        obtain(source, around)


PARTS = {
    "md5_suffix": lambda content: hashlib.md5(content).hexdigest()[-6:],
    "sha256_prefix": lambda content: hashlib.sha256(content).hexdigest()[:8],
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_checksum_alone_vouches_for_nothing(
    part: str, around: Surroundings, tmp_path: Path
) -> None:
    content = b"a,b\n1,2\n"
    bare = {"file": "a.csv", "addresses": ["https://example.org/a"], part: PARTS[part](content)}
    registry = tmp_path / "sources.yaml"
    registry.write_text(f"a: {bare}\n")
    with pytest.raises(EdnagError, match="entry 'a': no whole checksum"):
        load_registry(registry)

    registry.write_text(f"a: {bare | {'least_size': 8}}\n")
    source = load_registry(registry)["a"]
    (around.mirrors[0] / "a.csv").write_bytes(content)
    places = ["--registry", str(registry), "--mirror", str(around.mirrors[0])]
    places += ["--cache", str(around.cache)]
    words = f"{part.replace('_', ' ')} only"
    run = CliRunner(env={"EDNAG_LOCK": str(around.lock)}).invoke
    assert f"{words}, trust on first use" in run(group, ["sources", "list", *places]).output
    assert f"nobody: a ({words})" in run(group, ["sources", "verify", *places]).output
    assert "a:" in (obtain(source, around) and around.lock.read_text())
    assert f"{words}, trust, recorded" in run(group, ["sources", "list", *places]).output
    assert f"on first use: a ({words})" in run(group, ["sources", "verify", *places]).output
    evidence = SimpleNamespace(setting=SimpleNamespace(trusted={"a": None}))
    assert vouched_by(source, evidence) == f"{words}, trusted on first use"


FILES = [
    "", ".", "..", "./", "./a", ".verified", ".guard", ".hidden", "-rf", "--help", "/etc/passwd",
    "a/", "/a", "a//b", "a/./b", "a/../b", "a/.verified", "a/-b", "a\nb", "a\x1b[2Jb", "a\0b",
    "a\x7f", "a\u200bb", "C:a", "a\\b", "a" * 201, "\u00e9" * 101, "a/" * 150 + "a", "~", "*",
]  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_names_that_the_cache_cannot_keep_are_refused(file: str, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").touch()
    (tmp_path / "data").write_bytes(b"x")
    result = CliRunner(env={"EDNAG_LOCK": str(tmp_path / "lock")}).invoke(
        group,
        ["sources", "add", "new", "https://example.org/a", f"--file={file}", "--needed-for=tests",
         f"--registry={tmp_path / 'sources.yaml'}", f"--path={tmp_path / 'data'}"],
    )  # fmt: skip
    assert isinstance(result.exception, EdnagError)
    assert "field 'file'" in str(result.exception)
    assert not (tmp_path / "sources.yaml").read_bytes()
    with pytest.raises(ValueError, match="file"):
        Source(id="a", file=file, addresses=("https://example.org/a",))


@pytest.mark.parametrize(
    "address",
    [
        "package:numpy//etc/hostname", "package:numpy/../../../../../../etc/hostname",
        "package:numpy/", "package:numpy", "package:", "package:/etc/hostname", "package:../..",
        "package:numpy/.", "package:numpy/numpy", "package:numpy/numpy/../numpy/version.py",
        "package:numpy/./numpy/version.py", "package:numpy/sklearn/__init__.py",
        "package:numpy/../../../bin/f2py",
    ],
)  # fmt: skip
def test_a_package_address_names_a_file_of_the_package_only(address: str) -> None:
    assert in_package("package:numpy/numpy/version.py").is_file()
    with pytest.raises(EdnagError, match=r"is installed without|is not installed"):
        in_package(address)


def test_messages_have_no_escape_sequences_and_an_end(tmp_path: Path) -> None:
    registry = tmp_path / "sources.yaml"
    long = "x" * 100_000
    registry.write_text(f'"a\\x1b[2J\\u202e": {{file: y, addresses: ["ftp:{long}"]}}\n')
    command = [sys.executable, "-m", "ednag", "sources", "list", "--registry", str(registry)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert r"entry 'a\x1b[2J\u202e'" in done.stderr
    assert len(done.stderr) < 4100 and done.stderr.count("\n") == 1
