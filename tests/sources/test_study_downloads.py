"""`ednag sources fetch --study`: the files of the paper's tables from a server on loopback."""

import hashlib
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from ednag.cli.sources import command
from ednag.errors import EdnagError
from ednag.sources.obtain import NotObtainedError, Surroundings, fetch_each
from ednag.sources.reachability import reach_all
from ednag.sources.registry import Source, dump_registry, load_registry
from ednag.sources.transfer import Patience
from ednag.study.benchmarks import sources_of
from ednag.study.configuration import read_study
from ednag.study.plan import Plan, plan_of, stock_of

from . import loopback as behaviour
from .loopback import LoopbackServer

ROOT = Path(__file__).resolve().parents[2]
TASKS = [
    *("class_scene", "class_object", "jigsaw", "segmentsemantic"),
    *("normal", "autoencoder", "room_layout"),
]
STUDY = {
    "benchmarks": {"nasbench201": ["cifar10-analog"]},
    "if_present": {
        "nasbench201": ["cifar10", "cifar100", "ImageNet16-120"],
        "transnas-micro": TASKS,
        "transnas-macro": TASKS,
        "nasbench301": ["cifar10-725"],
    },
}
SPARE = ["nats-bench-csv", "transnas-jigsaw-csv", "naslib-zc-nasbench301-725"]
WITHOUT_SPARE = {("nasbench201", "cifar10"), ("nasbench301", "cifar10-725")} | {
    (space, "jigsaw") for space in ("transnas-micro", "transnas-macro")
}


def body(id: str) -> bytes:
    return f"{id}\n".encode() * 30_000


class Clone:
    """A folder with the study and a registry whose optional files are on the server."""

    def __init__(self, folder: Path, server: LoopbackServer) -> None:
        self.folder, self.server = folder, server
        self.study = read_study(STUDY)
        places = [(space, name) for space, names in self.study.if_present.items() for name in names]
        self.ids = list(sources_of(self.study, places))
        registry = load_registry(ROOT / "sources.yaml")
        self.registry = registry | {id: self.source(id) for id in self.ids}
        (folder / "sources.yaml").write_text(dump_registry(self.registry))
        (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))

    def source(self, id: str) -> Source:
        sha256 = hashlib.sha256(body(id)).hexdigest()
        address = f"{self.server.address}/{id}"
        return Source(
            id=id, file=f"{id}.csv", addresses=(address,), size=len(body(id)), sha256=sha256
        )

    def serve_all(self) -> None:
        for id in self.ids:
            self.server.serve(f"/{id}", behaviour.ranged(body(id)))

    def fetch(self, *arguments: str) -> Result:
        options = ["--study", "study.yaml", "--registry", "sources.yaml", *arguments]
        return CliRunner().invoke(command, ["fetch", *options])

    def plan(self) -> Plan:
        around = Surroundings.of_user(offline=True)
        return plan_of(self.study, stock_of(self.study, self.registry, around), ROOT)

    def searched(self) -> set[tuple[str, str]]:
        """What the study searches besides its own benchmark."""
        return set(self.plan().searched) - {("nasbench201", "cifar10-analog")}


@pytest.fixture
def clone(tmp_path: Path, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> Clone:
    monkeypatch.chdir(tmp_path)
    return Clone(tmp_path, server)


def nobody() -> tuple[socket.socket, str]:
    """An address that refuses connections as long as the socket is open."""
    free = socket.socket()
    free.bind(("127.0.0.1", 0))  # bound and not listening
    return free, f"http://127.0.0.1:{free.getsockname()[1]}"


def test_the_study_uses_the_ten_that_come_and_names_the_three_that_do_not(clone: Clone) -> None:
    assert len(clone.ids) == 13
    clone.serve_all()
    missing, other, half = SPARE
    clone.server.serve(f"/{missing}", behaviour.status(404))
    clone.server.serve(f"/{other}", behaviour.whole(body(other).upper()))
    clone.server.serve(f"/{half}", behaviour.dropped(body(half), 0.5))
    done = clone.fetch("--optional")
    assert done.exit_code == 0, (done.output, done.exception)
    assert len(done.stdout.split()) == 10
    assert "study.yaml can use 13 files, 9.3 MB, not here yet" in done.stderr
    for id, cause in ((missing, "HTTP 404"), (other, "a file with sha256"), (half, "(2 attempts)")):
        (line,) = [each for each in done.stderr.splitlines() if each.startswith(f"ednag: {id} (")]
        assert cause in line
        assert not [path.name for path in (clone.folder / "cache" / id).glob("*.csv")]
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ednag: left out, as their files are not here: nasbench201/cifar10, ")
    named = last.partition("to get them: ednag sources fetch ")[2].partition(" (3 files, ")[0]
    assert sorted(named.split()) == sorted(SPARE)
    whole = {(space, name) for space, names in STUDY["if_present"].items() for name in names}
    assert clone.searched() == whole - WITHOUT_SPARE

    # The next call asks for the three alone, and goes on with the one that broke off.
    clone.serve_all()
    before = len(clone.server.requests)
    assert clone.fetch("--optional").exit_code == 0
    asked = clone.server.requests[before:]
    assert sorted(each.path for each in asked) == sorted(["/", *(f"/{id}" for id in SPARE)])
    assert all(each.first_byte for each in asked if each.path == f"/{half}")
    assert clone.searched() == whole

    # All are here: nothing is contacted, and nothing is said.
    before = len(clone.server.requests)
    for arguments in (["--optional"], []):
        done = clone.fetch(*arguments)
        assert (done.exit_code, done.output) == (0, "")
    assert len(clone.server.requests) == before


def test_what_does_not_come_is_an_error_where_it_was_asked_for(clone: Clone) -> None:
    clone.serve_all()
    clone.server.serve(f"/{SPARE[0]}", behaviour.status(404))
    failed = clone.fetch()
    assert isinstance(failed.exception, EdnagError)
    first, last = str(failed.exception).splitlines()
    assert first.startswith(f"{SPARE[0]} (") and "HTTP 404" in first
    assert last.startswith("ednag: 1 of 13 files are not here; run again for the rest")
    assert len(clone.searched()) == 17


def test_without_a_network_one_line_says_what_is_left_out(
    tmp_path: Path, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, address = nobody()
    monkeypatch.setattr(LoopbackServer, "address", address)
    monkeypatch.chdir(tmp_path)
    clone = Clone(tmp_path, server)
    with free:
        done, failed = clone.fetch("--optional"), clone.fetch()
        offline = clone.fetch("--optional", "--offline")
    _, cause, end = done.stderr.splitlines()
    assert done.exit_code == 0
    assert cause == f"ednag: {address}: cannot be reached: check the network or its name"
    assert end.startswith("ednag: left out, as their files are not here: nasbench201/cifar10, ")
    assert f"{address}: cannot be reached" in str(failed.exception)
    assert "13 of 13 files are not here; run again" in str(failed.exception)
    assert offline.exit_code == 0
    assert "offline: no address was asked" in offline.stderr
    assert not clone.searched()


def test_a_folder_that_cannot_be_written_is_one_line(clone: Clone) -> None:
    clone.serve_all()
    (clone.folder / "cache").write_bytes(b"a file")
    done = clone.fetch("--optional")
    assert done.exit_code == 0
    assert done.stderr.count("name another folder with EDNAG_CACHE") == 1


def test_options_that_do_not_go_together_are_refused(clone: Clone) -> None:
    for arguments in (["nats-bench-csv"], ["--needed-for", "tables"], ["--output", "x"]):
        assert clone.fetch(*arguments).exit_code == 2
    assert CliRunner().invoke(command, ["fetch", "nats-bench-csv", "--optional"]).exit_code == 2


def test_a_server_that_gives_no_answer_is_not_asked_for_other_files(
    clone: Clone, around: Surroundings
) -> None:
    clone.serve_all()
    slow, *others = [clone.registry[id] for id in clone.ids]
    clone.server.serve(f"/{slow.id}", lambda handler, request: handler.server_state.released.wait())
    elsewhere = Source(id="b", file="b", addresses=(slow.addresses[0], "package:none/b"), size=1)
    hasty = replace(around, patience=Patience(attempts=2, wait=0.01, silence=0.5))
    answers = fetch_each([slow, *others, elsewhere], hasty, lambda id: lambda *bytes: None, jobs=1)
    assert all(isinstance(each, NotObtainedError) for each in answers)
    assert [each.path for each in clone.server.requests] == [f"/{slow.id}"] * 2
    assert f"not asked, as {clone.server.address} gave no answer" in str(answers[1])
    assert "package none is not installed" in str(answers[-1])


def test_a_refusal_is_of_the_file_and_not_of_its_server(clone: Clone, around: Surroundings) -> None:
    clone.serve_all()
    gone, *others = [clone.registry[id] for id in clone.ids]
    clone.server.serve(f"/{gone.id}", behaviour.status(503))
    answers = fetch_each([gone, *others], around, lambda id: lambda *bytes: None, jobs=1)
    assert [isinstance(each, Path) for each in answers] == [False, *(True for _ in others)]


def test_a_server_that_never_ends_its_answer_is_waited_for_no_longer_than_agreed(
    server: LoopbackServer,
) -> None:
    def drip(handler: behaviour.Handler, request: behaviour.Request) -> None:
        while not handler.server_state.released.wait(0.05):
            handler.wfile.write(b"H")

    server.serve("/", drip)
    begun = time.monotonic()
    source = Source(id="a", file="a", addresses=(f"{server.address}/a",))
    (found,) = reach_all([source], Patience(attempts=1, connect=0.5, silence=0.5))
    assert (found.reached, found.answer) == (False, "does not answer within 1 s")
    assert time.monotonic() - begun < 60


def test_other_bytes_of_the_right_size_do_not_count_as_here(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    cifar100 = ("nasbench201", "cifar100")
    (id,) = clone.plan().left_out["/".join(cifar100)]
    wrong, right = clone.folder / "wrong", clone.folder / "right"
    for folder, content in ((wrong, body(id).upper()), (right, body(id))):
        folder.mkdir()
        (folder / f"{id}.csv").write_bytes(content)
    monkeypatch.setenv("EDNAG_MIRROR", str(wrong))
    assert clone.searched() == set()
    monkeypatch.setenv("EDNAG_MIRROR", f"{wrong}:{right}")
    assert clone.searched() == {cifar100}
    # A file that was verified and has not changed is not read again.
    right.joinpath(f"{id}.csv").chmod(0)
    assert clone.searched() == {cifar100}
