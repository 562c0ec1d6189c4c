"""The child process that reads: its limits, its messages, and what the run record has of it."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from ednag.confined import read_confined, try_confined
from ednag.errors import EdnagError
from ednag.files import read_parquet, read_rows
from ednag.predictor.features import read_features
from ednag.training.checkpoints import load_checkpoint


def endless() -> pa.Table:
    while True:
        pass


def greedy() -> pa.Table:
    return pa.table({"a": np.ones(10**9)})


def crashing() -> pa.Table:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def leaving() -> pa.Table:
    os._exit(3)


def wrong() -> pa.Table:
    return {}["no key"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (endless, "takes more than 10 s of processor; the file is damaged or made to do harm"),
        (greedy, "takes more than 1,750 MB of memory"),
        (crashing, "crashed the reader (signal 11"),
        (leaving, "crashed the reader (exit status 3)"),
        (wrong, "reading it failed: KeyError: 'no key' (test_confined.py, line"),
    ],
)
def test_what_stops_a_reader_is_one_line_with_the_next_step(
    read: Callable[[], pa.Table], reason: str, tmp_path: Path
) -> None:
    for confined in (read_confined, try_confined):
        with pytest.raises(EdnagError) as caught:
            confined(read, [tmp_path / "file"], "fetch it again")
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / 'file'}: ")
        assert reason in message
        assert message.endswith("; fetch it again")
        assert len(message.splitlines()) == 1


def test_what_a_reader_returns_and_raises_comes_back() -> None:
    table = pa.table({"a": [0.1, float("nan")], "b": ["x", "ü"], "c": [[1], []]})
    assert str(read_confined(lambda: table, [], "").to_pydict()) == str(table.to_pydict())

    def refusing() -> pa.Table:
        raise EdnagError("row 3")

    with pytest.raises(EdnagError, match="row 3"):
        read_confined(refusing, [], "")
    with pytest.raises(FileNotFoundError, match="missing"):
        try_confined(Path("missing").read_bytes, [], "")


READER = """
    import os, signal, sys, time
    from pathlib import Path
    import pyarrow as pa
    from ednag.confined import MODULES, read_confined
    from ednag.provenance.recording import Recorder

    def read():
        import colorsys
        print("a line", file=sys.stderr)
        Path("data.txt").read_text()
        return pa.table({"a": [1]})
"""


def run(script: str, folder: Path, *, ended: int = 0) -> "subprocess.CompletedProcess[str]":
    """A script after READER in a process of its own."""
    code = textwrap.dedent(READER) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == ended, done.stderr
    return done


def test_a_record_has_what_a_child_opened_and_imported(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("x")
    done = run(
        """
        recorder = Recorder(["x"])
        read_confined(read, [Path("data.txt")], "")
        assert "colorsys" in MODULES and "colorsys" not in sys.modules
        recorder.write(Path("record.json"))
        """,
        tmp_path,
    )
    assert done.stderr == "a line\n"
    record = json.loads((tmp_path / "record.json").read_text())
    assert [name.split("/")[-1] for name in record["undeclared_reads"]] == ["data.txt"]


def test_an_error_that_python_can_only_print_is_not_printed(tmp_path: Path) -> None:
    done = run(
        """
        from ednag.errors import EdnagError

        class Failing:
            def __del__(self):
                raise ValueError("in a destructor")

        def freeing():
            Failing()
            raise EdnagError("the one line")

        try:
            read_confined(freeing, [], "")
        except EdnagError as error:
            print(error)
        """,
        tmp_path,
    )
    assert (done.stdout, done.stderr) == ("the one line\n", "")


def test_an_interrupt_ends_both_processes(tmp_path: Path) -> None:
    done = run(
        """
        # A process that was started in the background ignores interrupts.
        signal.signal(signal.SIGINT, signal.default_int_handler)

        def waiting():
            os.kill(os.getppid(), signal.SIGINT)
            time.sleep(600)

        try:
            read_confined(waiting, [], "")
        except KeyboardInterrupt:
            print("interrupted")
        try:
            os.wait()
        except ChildProcessError:
            print("no child")
        """,
        tmp_path,
    )
    assert done.stdout.split("\n")[:2] == ["interrupted", "no child"]


def damaged_parquet(folder: Path) -> dict[str, Path]:
    """Parquet files that are damaged or become large."""
    folder.mkdir(exist_ok=True)
    paths = {name: folder / name for name in ("zeros", "texts", "cut", "bits", "nothing")}
    long = pa.chunked_array([pa.nulls(10**8, pa.float64())] * 8)
    pq.write_table(pa.table({"key": long}), paths["zeros"], compression="zstd")
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10**5, np.int32)), ["x" * 10**6])
    pq.write_table(pa.table({"key": text}), paths["texts"], compression="zstd", store_schema=False)
    pq.write_table(pa.table({"key": np.arange(1000)}), folder / "whole")
    whole = (folder / "whole").read_bytes()
    paths["cut"].write_bytes(whole[:-100])
    paths["bits"].write_bytes(whole[:4] + bytes(64) + whole[68:])
    paths["nothing"].touch()
    return paths


def test_damaged_and_large_parquet_files_are_refused_in_one_line(tmp_path: Path) -> None:
    for name, path in damaged_parquet(tmp_path / "files").items():
        for read in (lambda path: read_parquet(path, "a table"), read_rows):
            with pytest.raises(EdnagError) as caught:
                read(path)
            assert str(caught.value).startswith(f"{path}: "), name
            assert len(str(caught.value).splitlines()) == 1
            assert path.stat().st_size < 10**7


def test_files_of_tensors_that_become_large_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "features.pt"
    torch.save({0: torch.ones(1, 512).expand(10**9, 512)}, path)
    with pytest.raises(EdnagError) as caught:
        read_features(path)
    assert len(str(caught.value).splitlines()) == 1
    head = b"\x80\x02}q\x00"
    for doubled in (
        head + b"N\x85" + b"q\x01h\x01h\x01\x86" * 40 + b"K\x01s.",
        head + b"(" * 10**6,
    ):
        path.write_bytes(_legacy(doubled))
        for read in (read_features, load_checkpoint):
            with pytest.raises(EdnagError) as caught:
                read(path)  # type: ignore[operator]
            assert len(str(caught.value).splitlines()) == 1


def _legacy(data: bytes) -> bytes:
    head = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
    return head + b"\x80\x02}q\x00X\r\x00\x00\x00little_endianq\x01\x88s." + data
