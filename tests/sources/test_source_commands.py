"""`ednag sources` as people and rules call it."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ednag.cli.sources import command
from ednag.errors import EdnagError
from ednag.sources.progress import following
from ednag.sources.registry import Source, dump_registry, load_registry
from ednag.sources.sizes import size_in_words

from . import loopback as behaviour
from .loopback import LoopbackServer

SourceOf = Callable[..., Source]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Calls `ednag sources` in an empty folder with the registry there."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, fails: bool = False) -> Result:
        where = [] if arguments[0] == "--help" else ["--registry", "sources.yaml"]
        result = CliRunner().invoke(command, [*arguments, *where])
        if not fails:
            assert result.exit_code == 0, (result.output, result.exception)
        return result

    return run


def register(tmp_path: Path, *entries: Source) -> None:
    (tmp_path / "sources.yaml").write_text(dump_registry({each.id: each for each in entries}))


def test_fetch_prints_the_path(
    server: LoopbackServer,
    payload: bytes,
    tmp_path: Path,
    source_of: SourceOf,
    call: Callable[..., Result],
) -> None:
    register(tmp_path, source_of(server.serve("/t", behaviour.whole(payload))))
    result = call("fetch", "table")
    assert Path(result.stdout.strip()).read_bytes() == payload
    assert "fetching http://127.0.0.1" in result.stderr
    assert "3.0 MB of 3.0 MB" in result.stderr
    result = call("fetch", "table", "--output", "resources/table/table.csv")
    assert result.stdout == "resources/table/table.csv\n"
    assert Path("resources/table/table.csv").read_bytes() == payload
    assert len(server.requests) == 1


def test_fetch_several_at_once(
    server: LoopbackServer,
    payload: bytes,
    tmp_path: Path,
    source_of: SourceOf,
    call: Callable[..., Result],
) -> None:
    slow = behaviour.slow(payload, pieces=4, pause=0.05)
    names = [f"table{number}" for number in range(4)]
    register(
        tmp_path,
        *(
            source_of(server.serve(f"/{name}", slow), id=name, file=name, needed_for=("tables",))
            for name in names
        ),
        source_of(server.serve("/gone", behaviour.status(404)), id="gone", file="gone"),
    )
    paths = call("fetch", "--needed-for", "tables").stdout.split()
    assert [Path(path).name for path in paths] == names
    with pytest.raises(EdnagError, match="HTTP 404"):
        raise call("fetch", "gone", "table0", fails=True).exception  # type: ignore[misc]


def test_fetch_needs_to_know_what(tmp_path: Path, call: Callable[..., Result]) -> None:
    register(tmp_path)
    assert call("fetch", fails=True).exit_code == 2
    assert call("fetch", "a", "b", "--output", "c", fails=True).exit_code != 0
    failed = call("fetch", "--needed-for", "nothing", fails=True)
    assert "nothing is needed for 'nothing'" in str(failed.exception)


def test_fetch_and_extract(
    server: LoopbackServer, tmp_path: Path, call: Callable[..., Result]
) -> None:
    import io
    import tarfile

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("inside.txt")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"hello"))
    address = server.serve("/a", behaviour.whole(packed.getvalue()))
    register(tmp_path, Source(id="a", file="a.tar.gz", addresses=(address,), least_size=1))
    call("fetch", "a", "--extract", "unpacked")
    assert Path("unpacked/inside.txt").read_text() == "hello"
    assert Path("sources.lock").exists() or (tmp_path / "sources.lock").exists()


def test_list_is_a_table_for_people(tmp_path: Path, call: Callable[..., Result]) -> None:
    register(
        tmp_path,
        Source(id="here", file="h.csv", addresses=("https://e/h",), size=2_400_000, licence="MIT",
               needed_for=("tables",), least_size=1),
        Source(id="lost", file="l.pt", status="unpublished", stand_in="here", least_size=1),
    )  # fmt: skip
    output = call("list").stdout
    assert re.search(
        r"here\s+h\.csv\s+2\.4 MB\s+MIT\s+missing\s+trust on first use\s+tables", output
    )
    assert re.search(r"lost\s+l\.pt\s+\?\s+unknown\s+unobtainable", output)
    assert "lost is published nowhere; in its place: here" in output
    assert "1 missing, 1 unobtainable" in output
    assert "lost" not in call("list", "--needed-for", "tables").stdout


def test_list_for_machines_holds_no_path(
    payload: bytes, tmp_path: Path, source_of: SourceOf, call: Callable[..., Result]
) -> None:
    register(tmp_path, source_of())
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "table.csv").write_bytes(payload)
    result = call("list", "--json", "--mirror", str(tmp_path / "mirror"))
    (record,) = json.loads(result.stdout)
    assert (record["id"], record["state"], record["place"]) == ("table", "present", "mirror")
    assert set(record) == {*Source.model_fields, "state", "place", "held_by"}
    assert record["held_by"] == "sha256"
    assert str(tmp_path) not in result.stdout


def test_whole_registry_is_listed() -> None:
    result = CliRunner().invoke(command, ["list", "--registry", str(ROOT / "sources.yaml")])
    assert result.exit_code == 0, result.output
    for id in load_registry(ROOT / "sources.yaml"):
        assert re.search(rf"^\s+{re.escape(id)}\s", result.stdout, re.M), id
    assert "2 unobtainable" in result.stdout


def test_verify_writes_sums_and_reports_what_differs(
    payload: bytes, tmp_path: Path, source_of: SourceOf, call: Callable[..., Result]
) -> None:
    register(tmp_path, source_of())
    (tmp_path / "mirror").mkdir()
    table = tmp_path / "mirror" / "table.csv"
    table.write_bytes(payload)
    result = call("verify", "--mirror", "mirror")
    assert "1 files are what they should be" in result.stdout
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=tmp_path / "cache", capture_output=True
    )
    assert done.returncode == 0
    assert "verified" in call("list", "--mirror", "mirror").stdout
    Path("resources/table").mkdir(parents=True)
    Path("resources/table/table.csv").write_bytes(b"x")
    failed = call("verify", "--mirror", "mirror", fails=True)
    assert isinstance(failed.exception, EdnagError)
    assert "1 of 2 files differ" in str(failed.exception)
    assert "differs: resources/table/table.csv has 1 bytes" in failed.stderr


def test_verify_names_what_nobody_vouches_for(
    tmp_path: Path, source_of: SourceOf, call: Callable[..., Result]
) -> None:
    register(tmp_path, source_of(sha256=None, size=None, least_size=5))
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "table.csv").write_bytes(b"who,knows")
    assert "vouched for by nobody: table" in call("verify", "--mirror", "mirror").stdout
    locked = call("lock", "--mirror", "mirror").stdout
    assert hashlib.sha256(b"who,knows").hexdigest() in locked
    verified = call("verify", "--mirror", "mirror").stdout
    assert "no whole checksum, trusted on first use: table" in verified
    assert "vouched" not in verified
    listed = json.loads(call("list", "--json", "--mirror", "mirror").stdout)
    assert listed[0]["held_by"] == "trust, recorded"
    assert call("lock", "--accept", fails=True).exit_code == 2
    nowhere = call("lock", "table", fails=True)
    assert "not recorded: table; a file must be in the cache or a mirror" in str(nowhere.exception)


def test_add_writes_an_entry_with_its_checksum(
    server: LoopbackServer,
    payload: bytes,
    tmp_path: Path,
    source_of: SourceOf,
    call: Callable[..., Result],
) -> None:
    (tmp_path / "sources.yaml").write_text("# kept\n\n" + dump_registry({"table": source_of()}))
    address = server.serve("/new", behaviour.whole(payload))
    entry = ["--file", "new.csv", "--needed-for", "tables", "--licence", "MIT"]
    call("add", "new", address, *entry)
    added = load_registry(tmp_path / "sources.yaml")["new"]
    assert (added.size, added.sha256) == (len(payload), hashlib.sha256(payload).hexdigest())
    assert (tmp_path / "sources.yaml").read_text().startswith("# kept\n")
    assert not (tmp_path / "sources.lock").exists()
    again = call("add", "new", address, *entry, fails=True)
    assert "in the registry already" in str(again.exception)
    assert len(server.requests) == 1
    (tmp_path / "here.csv").write_bytes(b"1,2\n")
    call(
        "add",
        "other",
        "https://example.org/x",
        "--path",
        "here.csv",
        *entry[:1],
        "o.csv",
        *entry[2:],
    )
    assert load_registry(tmp_path / "sources.yaml")["other"].size == 4
    bad = call("add", "bad id", "https://e/x", *entry, fails=True)
    assert "'bad id' not added: field 'id'" in str(bad.exception)


def test_add_refuses_a_page(
    server: LoopbackServer, tmp_path: Path, call: Callable[..., Result]
) -> None:
    register(tmp_path)
    address = server.serve("/new", behaviour.whole(b"<!doctype html><title>Sorry</title>"))
    failed = call("add", "new", address, "--file", "n.csv", "--needed-for", "t", fails=True)
    assert "titled 'Sorry'" in str(failed.exception)
    assert (tmp_path / "sources.yaml").read_text() == ""


def test_bars_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with following() as named:
        report = named("table")
        report(10, 100)
        report(100, 100)
        named("here already")


def test_sizes_in_words() -> None:
    words = [size_in_words(size) for size in (None, 0, 999, 1000, 5_003_180_601, 4 * 10**12)]
    assert words == ["?", "0 B", "999 B", "1.0 kB", "5.0 GB", "4.0 TB"]


def test_command_line_starts_quickly() -> None:
    script = "import sys, ednag.cli.sources; print([m for m in ('rich', 'requests', 'pydantic', \
'gdown', 'pooch', 'torch') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]"


def test_failure_is_one_line_and_status_1(tmp_path: Path) -> None:
    script = "from ednag.cli import main; main()"
    registry = ROOT / "sources.yaml"
    done = subprocess.run(
        [sys.executable, "-c", script, "sources", "fetch", "mbv3-supernet",
         "--registry", str(registry), "--cache", str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ednag: mbv3-supernet") and "ofa-mbv3-w1.2" in last
