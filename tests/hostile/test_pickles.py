"""Readers of pickles refuse what harms them: in one line, in bounded memory and time."""

import resource
import zipfile
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.tables import choose_definition
from tests.hostile.pickles import HARMFUL, READERS, as_zip

Place = tuple[str, str, str | None, str]
PLACES = list(READERS)


def refused(place: Place, path: Path) -> str:
    """The one line of the reader of a file; the reader takes at most 2 GB and 11 s of processor."""
    space, dataset, official, source = place
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(EdnagError) as caught:
        choose_definition(space, dataset, official).build({source: path}, {source: ""})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 25
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert source in message or str(path) in message
    return message


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_pickle_is_refused(name: str, tmp_path: Path) -> None:
    message = refused(PLACES[2], READERS[PLACES[2]](HARMFUL[name], tmp_path / "file"))
    if name == "a data type of references without its flags":
        assert "a data type 'O8'" in message
    if name == "a doubled tuple as a key":
        assert "takes more than 10 s of processor" in message
    if name == "a tuple 10^6 deep as a key":
        assert "crashed the reader (signal 11" in message
        assert "fetch it again: ednag sources fetch nasbench201-v1_1" in message


def test_a_reason_of_several_lines_is_told_in_one(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"x" * 1000)
    place = next(place for place in PLACES if place[3] == "nats-tss-simple")
    assert "not a gzip file" in refused(place, tmp_path / "archive")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]}-{place[3]}")
@pytest.mark.parametrize(
    "name",
    ["a data type of references without its flags", "a tuple 10^6 deep as a key", "a memo of 2^30"],
)
def test_every_reader_refuses(place: Place, name: str, tmp_path: Path) -> None:
    refused(place, READERS[place](HARMFUL[name], tmp_path / "file"))


def test_an_archive_that_torch_does_not_write_is_refused(tmp_path: Path) -> None:
    place, path = PLACES[2], tmp_path / "file.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10**8))
    assert "compressed or encrypted" in refused(place, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"N.")
        archive.writestr("b/data.pkl", b"N.")
    assert "2 files data.pkl" in refused(place, path)
    whole = as_zip(b"\x80\x04N.", path).read_bytes()
    at = whole.index(b"PK\x01\x02")  # the entry in the directory: flags at 8, method at 10
    for offset, value in ((8, 1), (10, 99), (24, 0xFF), (38, 0xFF)):
        changed = bytearray(whole)
        changed[at + offset] = value
        path.write_bytes(changed)
        refused(place, path)
    name = whole.index(b"archive/data.pkl", at)
    flagged = bytearray(whole)
    flagged[at + 9] = 8  # UTF-8
    flagged[name : name + 3] = b"\xed\xa0\x80"  # a surrogate
    path.write_bytes(flagged)
    refused(place, path)
    path.write_bytes(whole[:-9])
    refused(place, path)


def test_a_legacy_file_whose_head_does_not_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    READERS[PLACES[3]](b"", path)
    path.write_bytes(path.read_bytes()[:14] + b"\x80\x02" + b"N0" * 10**6)
    refused(PLACES[3], path)
