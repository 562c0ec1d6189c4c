"""Archives: harmless ones are unpacked once and checked, hostile ones leave nothing behind."""

import io
import stat
import struct
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ednag import unpacking
from ednag.errors import EdnagError
from ednag.sources.archives import extract
from ednag.unpacking import UnsafeArchiveError

FILES = {"data/a.txt": b"first", "data/deep/b.bin": bytes(range(256)) * 100, "c": b""}


def make_tar(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    """A tar with folders and files."""
    with tarfile.open(path, mode) as tar:
        folder = tarfile.TarInfo("data")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    """A zip with folders and files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("data/", b"")
        for name, content in files.items():
            zipped.writestr(name, content)
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "tar": lambda path: make_tar(path, FILES, "w"),
    "tar.gz": lambda path: make_tar(path, FILES, "w:gz"),
    "tar.bz2": lambda path: make_tar(path, FILES, "w:bz2"),
    "tar.xz": lambda path: make_tar(path, FILES, "w:xz"),
    "zip": lambda path: make_zip(path, FILES),
}


def content_of(folder: Path) -> dict[str, bytes]:
    """Path inside to bytes."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("kind", MAKERS)
def test_harmless_archive_is_unpacked_and_listed(kind: str, tmp_path: Path) -> None:
    archive = MAKERS[kind](tmp_path / f"archive.{kind}")
    sums = extract(archive, tmp_path / "out" / "folder")
    assert content_of(tmp_path / "out" / "folder") == FILES
    assert sorted(sums) == sorted(FILES)
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["folder", "folder.sha256"]
    checked = subprocess.run(
        ["sha256sum", "-c", "--status", "../folder.sha256"], cwd=tmp_path / "out" / "folder"
    )
    assert checked.returncode == 0


def test_archive_made_in_its_folder_is_unpacked(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, kind in (("./", tarfile.DIRTYPE), ("./data", tarfile.DIRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type = kind
            tar.addfile(entry)
        tar.addfile(tarfile.TarInfo("./data/empty"))
    assert list(extract(tmp_path / "a.tar", tmp_path / "out")) == ["data/empty"]


def test_second_call_writes_nothing(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", FILES)
    first = extract(archive, tmp_path / "out")
    before = {path: path.stat().st_ino for path in (tmp_path / "out").rglob("*")}
    assert extract(archive, tmp_path / "out") == first
    assert {path: path.stat().st_ino for path in (tmp_path / "out").rglob("*")} == before


def spoil(folder: Path) -> None:
    (folder / "data" / "a.txt").write_bytes(b"forst")


def lose(folder: Path) -> None:
    (folder / "c").unlink()


def add(folder: Path) -> None:
    (folder / "more").touch()


@pytest.mark.parametrize("change", [spoil, lose, add])
def test_folder_that_differs_from_its_list_is_made_anew(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", FILES)
    extract(archive, tmp_path / "out")
    change(tmp_path / "out")
    extract(archive, tmp_path / "out")
    assert content_of(tmp_path / "out") == FILES


def test_new_archive_replaces_the_old_content(tmp_path: Path) -> None:
    extract(make_tar(tmp_path / "a.tar.gz", FILES), tmp_path / "out")
    extract(make_zip(tmp_path / "b.zip", {"only": b"one"}), tmp_path / "out")
    assert content_of(tmp_path / "out") == {"only": b"one"}


def test_folder_of_the_user_s_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("important")
    with pytest.raises(EdnagError, match="remove it first"):
        extract(make_tar(tmp_path / "a.tar.gz", FILES), tmp_path / "out")
    assert content_of(tmp_path / "out") == {"thesis.tex": b"important"}


def test_modes_of_the_archive_are_not_taken_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        entry = tarfile.TarInfo("program")
        entry.mode = 0o6777
        tar.addfile(entry)
    extract(tmp_path / "a.tar", tmp_path / "out")
    assert not (tmp_path / "out" / "program").stat().st_mode & 0o6111


def tar_with(**fields: object) -> Callable[[Path], Path]:
    """A tar with one harmless file and one entry with these fields."""

    def make(folder: Path) -> Path:
        with tarfile.open(folder / "bad.tar", "w") as tar:
            tar.addfile(tarfile.TarInfo("harmless"))
            entry = tarfile.TarInfo("entry")
            for name, value in fields.items():
                setattr(entry, name, value)
            tar.addfile(entry, io.BytesIO(bytes(entry.size)))
        return folder / "bad.tar"

    return make


def link_and_file_behind_it(folder: Path) -> Path:
    with tarfile.open(folder / "bad.tar", "w") as tar:
        link = tarfile.TarInfo("inside")
        link.type, link.linkname = tarfile.SYMTYPE, ".."
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("inside/escaped"))
    return folder / "bad.tar"


def name_given_twice(folder: Path) -> Path:
    with tarfile.open(folder / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("same"))
        tar.addfile(tarfile.TarInfo("./same"))
    return folder / "bad.tar"


def zip_with(name: str, kind: int = stat.S_IFREG) -> Callable[[Path], Path]:
    """A zip with one harmless file and one entry of this name and kind."""

    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "bad.zip", "w") as zipped:
            zipped.writestr("harmless", b"")
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (kind | 0o777) << 16
            zipped.writestr(entry, b"/etc/passwd")
        return folder / "bad.zip"

    return make


def encrypted_zip(folder: Path) -> Path:
    path = make_zip(folder / "bad.zip", {"a": b"x"})
    raw = bytearray(path.read_bytes())
    central = raw.rfind(b"PK\x01\x02")
    flags = struct.unpack_from("<H", raw, central + 8)[0]
    struct.pack_into("<H", raw, central + 8, flags | 1)
    path.write_bytes(raw)
    return path


HOSTILE: dict[str, Callable[[Path], Path]] = {
    "tar: parent": tar_with(name="../escaped"),
    "tar: parent in the middle": tar_with(name="a/../../escaped"),
    "tar: absolute": tar_with(name="/tmp/ednag-escaped"),
    "tar: backslashes": tar_with(name="..\\escaped"),
    "tar: drive letter": tar_with(name="C:/escaped"),
    "tar: symbolic link": tar_with(type=tarfile.SYMTYPE, linkname="../outside"),
    "tar: symbolic link inside": tar_with(type=tarfile.SYMTYPE, linkname="harmless"),
    "tar: hard link": tar_with(type=tarfile.LNKTYPE, linkname="../../outside"),
    "tar: file behind a link": link_and_file_behind_it,
    "tar: character device": tar_with(type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "tar: block device": tar_with(type=tarfile.BLKTYPE, devmajor=8),
    "tar: pipe": tar_with(type=tarfile.FIFOTYPE),
    "tar: name given twice": name_given_twice,
    "zip: parent": zip_with("../escaped"),
    "zip: absolute": zip_with("/tmp/ednag-escaped"),
    "zip: backslashes": zip_with("..\\escaped"),
    "zip: symbolic link": zip_with("link", stat.S_IFLNK),
    "zip: device": zip_with("device", stat.S_IFCHR),
    "zip: encrypted": encrypted_zip,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archive_is_refused_and_leaves_nothing(case: str, tmp_path: Path) -> None:
    folder = tmp_path / "archives"
    folder.mkdir()
    archive = HOSTILE[case](folder)
    with pytest.raises(UnsafeArchiveError, match="not unpacked"):
        extract(archive, tmp_path / "work" / "out")
    left = [path for path in tmp_path.rglob("*") if folder not in (path, *path.parents)]
    assert left == [tmp_path / "work"]
    assert not Path("/tmp/ednag-escaped").exists()


@pytest.mark.parametrize("maker", [make_tar, make_zip])
def test_bomb_is_refused_before_it_is_written(
    maker: Callable[[Path, dict[str, bytes]], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS_ALLOWED", 1_000_000)
    bomb = maker(tmp_path / "bomb", {"zeros": bytes(20_000_000)})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(UnsafeArchiveError, match=r"would grow to more than 20 times its size"):
        extract(bomb, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", MAKERS)
def test_damaged_archive_is_an_error(kind: str, tmp_path: Path) -> None:
    archive = MAKERS[kind](tmp_path / "archive")
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(EdnagError, match="cannot be unpacked"):
        extract(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.sha256").exists()


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=20), st.sampled_from(["tar", "zip"]))
def test_whatever_the_name_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, name: str, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("named")
    archive = folder / f"archive.{kind}"
    try:
        if kind == "tar":
            make_tar(archive, {name: b"x"}, "w")
        else:
            make_zip(archive, {name: b"x"})
    except (UnicodeEncodeError, ValueError, IndexError):
        return  # the writer refuses the name
    try:
        extract(archive, folder / "out")
    except EdnagError:
        assert sorted(folder.iterdir()) == [archive]
    else:
        assert {path.name for path in folder.iterdir()} == {archive.name, "out", "out.sha256"}
