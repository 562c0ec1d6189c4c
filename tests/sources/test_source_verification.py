"""Checksums of four kinds, sizes, and web pages in disguise."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ednag.sources.registry import Source
from ednag.sources.verification import (
    Expected,
    WrongContentError,
    checksum_line,
    digest,
    explain_page,
    looks_like_page,
    verify,
)

CONTENT = b"a small table,1\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()
BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()


def source(**fields: Any) -> Source:
    return Source(id="a", file="a.csv", addresses=("https://example.org/a",), **fields)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with CONTENT."""
    path = tmp_path / "a.csv"
    path.write_bytes(CONTENT)
    return path


RIGHT = {
    "size": len(CONTENT),
    "sha256": SHA256,
    "md5": MD5,
    "sha256_prefix": SHA256[:8],
    "md5_suffix": MD5[-6:],
    "git_blob_sha1": BLOB,
}


@pytest.mark.parametrize("field", RIGHT)
def test_each_fact_alone_is_enforced(field: str, path: Path) -> None:
    assert verify(path, source(**{field: RIGHT[field]})).sha256 == SHA256
    path.write_bytes(CONTENT[:-1] + b"x" if field != "size" else CONTENT + b"x")
    with pytest.raises(WrongContentError, match=str(path)):
        verify(path, source(**{field: RIGHT[field]}))


def test_all_facts_together(path: Path) -> None:
    assert verify(path, source(**RIGHT)).size == len(CONTENT)
    with pytest.raises(WrongContentError, match="git blob sha1"):
        verify(path, source(**{**RIGHT, "git_blob_sha1": "0" * 40}))


def test_lock_is_enforced_only_where_no_sha256_is_published(path: Path) -> None:
    other = Expected(len(CONTENT), "0" * 64)
    with pytest.raises(WrongContentError, match=r"as recorded in sources\.lock"):
        verify(path, source(md5=MD5), other)
    with pytest.raises(WrongContentError, match="not 7 as recorded"):
        verify(path, source(), Expected(7, SHA256))
    verify(path, source(sha256=SHA256), other)


def test_blob_name_is_git_s(path: Path) -> None:
    try:
        command = ["git", "hash-object", "--no-filters", str(path)]
        named = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git")
    assert digest(path, source(git_blob_sha1="0" * 40)).git_blob_sha1 == named.strip()


def test_only_published_checksums_are_computed(path: Path) -> None:
    measured = digest(path, source())
    assert (measured.md5, measured.git_blob_sha1) == (None, None)


@given(st.binary(max_size=3000), st.integers(0, 4000))
def test_size_is_exact(tmp_path_factory: pytest.TempPathFactory, content: bytes, size: int) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(content)
    if size != len(content):
        with pytest.raises(WrongContentError, match="are expected"):
            verify(path, source(size=size))
    elif not looks_like_page(content[:2048], "a.csv"):
        sha256 = hashlib.sha256(content).hexdigest()
        assert verify(path, source(size=size, sha256=sha256)).size == size


PAGES = [
    b"<!DOCTYPE html>",
    b"<!doctype HTML PUBLIC>",
    b"  \r\n\t<html lang=en>",
    b"\xef\xbb\xbf<html>",
    b"<!-- a comment --><HTML>",
    b"<?xml version='1.0'?><!DOCTYPE html>",
    b"<head><title>x</title>",
    b"<script>redirect()</script>",
    "<html>".encode("utf-16"),
]
FILES = [
    b"",
    b"{}",
    b"id,html\n<html>,3\n",
    b"\x80\x02}q\x00.",
    b"PK\x03\x04",
    b"<htmlish>",
    b"<xml><html>",
    b"<?xml version='1.0'?><table/>",
    b"<!DOCTYPE svg>",
    b"x<html>",
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("head", PAGES)
def test_pages_are_recognised(head: bytes, path: Path) -> None:
    assert looks_like_page(head, "a.csv")
    path.write_bytes(head)
    with pytest.raises(WrongContentError, match="a web page instead of the file"):
        verify(path, source())


@pytest.mark.parametrize("head", FILES)
def test_files_are_no_pages(head: bytes) -> None:
    assert not looks_like_page(head, "a.csv")


def test_file_that_should_be_a_page_may_be_one() -> None:
    assert not looks_like_page(b"<html>", "report.html")


white = st.text(" \t\r\n", max_size=20)
comment = st.text(st.characters(exclude_characters="->", codec="utf-8"), max_size=20)


@given(white, comment, white, st.sampled_from(["<!DOCTYPE html>", "<html>", "<HEAD>"]), st.binary())
def test_whatever_stands_before_and_after_a_page_it_stays_one(
    before: str, inside: str, after: str, tag: str, rest: bytes
) -> None:
    head = f"{before}<!--{inside}-->{after}{tag}".encode() + rest
    assert looks_like_page(head, "a.csv")
    assert explain_page(head).startswith("a web page instead of the file")


@given(st.binary(max_size=4000))
def test_any_bytes_are_judged(body: bytes) -> None:
    looks_like_page(body, "a.csv")
    assert "\n" not in explain_page(body)


@given(
    st.binary(min_size=1).filter(
        lambda body: b"<" not in body and body[:2] not in (b"\xff\xfe", b"\xfe\xff")
    )
)
def test_bytes_without_a_tag_are_no_page(body: bytes) -> None:
    assert not looks_like_page(body, "a.csv")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("<title>Google Drive - Virus scan warning</title>", "too large for its virus scan"),
        ("<p>Google Drive can&#39;t scan this file for viruses.</p>", "too large for its virus"),
        ("<title>Google Drive - Quota exceeded</title>", "quota of this file is used up"),
        ("<p>Too many users have viewed or downloaded this file recently.", "quota"),
        ("<title>Dropbox - File Deleted</title>", "a Dropbox page"),
        ("<title>Meet Google Drive</title><a>Sign in</a>", "a sign-in is asked for"),
        ("<title>repo/file.pt at main - GitHub</title>", "a GitHub page"),
        ("<title>\n Oh \n dear </title>", "titled 'Oh dear'"),
        ("<html></html>", "a web page instead of the file"),
    ],
)
def test_pages_are_explained(text: str, meaning: str) -> None:
    assert meaning in explain_page(f"<!DOCTYPE html><html>{text}".encode())


@example(["-"])
@given(st.lists(st.from_regex(r"[^\x00/]{1,12}", fullmatch=True), min_size=1, max_size=4))
def test_sums_file_is_accepted_whatever_the_names(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("sums")
    lines = []
    for name in names:
        if name in (".", "..", "SHA256SUMS"):
            continue
        try:
            (folder / name).write_bytes(name.encode())
        except (OSError, UnicodeEncodeError):
            continue
        lines.append(checksum_line(hashlib.sha256(name.encode()).hexdigest(), name))
    if not lines:
        return
    (folder / "SHA256SUMS").write_bytes("".join(lines).encode())
    done = subprocess.run(["sha256sum", "-c", "--status", "SHA256SUMS"], cwd=folder, check=False)
    assert done.returncode == 0
