"""Reference traces: the same evaluations in the same order."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ednag.cli.replay import command
from ednag.errors import EdnagError
from ednag.search.replay import read_trace


def test_every_nasbench201_trace_is_identical(golden: Path, mirror: Path) -> None:
    traces = sorted(map(str, golden.glob("nasbench201-*.json.gz")))
    assert len(traces) == 9
    result = CliRunner().invoke(command, traces)
    assert result.exit_code == 0, result.output
    assert "9 traces identical" in result.output


def test_the_first_divergence_is_named(golden: Path, mirror: Path, tmp_path: Path) -> None:
    trace = json.loads(gzip.decompress((golden / "nasbench201-cifar10-seed0.json.gz").read_bytes()))
    trace["queries"][4000] = (trace["queries"][4000] + 1) % len(trace["keys"])
    altered = tmp_path / "altered.json.gz"
    altered.write_bytes(gzip.compress(json.dumps(trace).encode()))
    result = CliRunner().invoke(command, [str(altered)])
    assert result.exit_code == 1
    assert "diverges in denoising step 45 at evaluation 4000" in result.output
    assert trace["keys"][trace["queries"][4000]] in result.output


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b"[1", mtime=0)]
)
def test_a_file_that_is_no_trace_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trace.json.gz"
    path.write_bytes(content)
    with pytest.raises(EdnagError, match="not a reference trace"):
        read_trace(path)
