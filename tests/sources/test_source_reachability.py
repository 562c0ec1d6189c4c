"""Which servers hold the files, and whether they answer."""

import socket

from ednag.sources.reachability import reach_all, servers_of
from ednag.sources.registry import Source
from ednag.sources.transfer import Patience

from . import loopback as behaviour
from .loopback import LoopbackServer

QUICK = Patience(attempts=1, silence=0.3)


def source(id: str, *addresses: str) -> Source:
    return Source(id=id, file=f"{id}.bin", addresses=addresses)


def test_a_server_is_named_once_with_all_that_it_holds() -> None:
    sources = [
        source("b", "https://z.example/b?dl=1", "gdrive:1abc"),
        source("a", "https://z.example/a", "doi:10.5281/zenodo.1/a.bin", "package:numpy/a.bin"),
    ]
    assert servers_of(sources) == {
        "https://doi.org": ("a",),
        "https://drive.google.com": ("b",),
        "https://z.example": ("b", "a"),
    }


def test_each_server_is_asked_once_and_any_answer_counts(server: LoopbackServer) -> None:
    server.serve("/", behaviour.status(404))
    (found,) = reach_all([source("a", server.address + "/a"), source("b", server.address + "/b")])
    assert found.reached
    assert (found.answer, found.sources) == ("HTTP 404", ("a", "b"))
    assert [(each.method, each.path) for each in server.requests] == [("HEAD", "/")]


def test_a_server_that_is_not_there_and_one_that_is_silent(server: LoopbackServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        # Bound and not listening: refused, and given to no other process.
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
        server.serve("/", lambda handler, request: server.released.wait())
        asked = [source("a", f"{nobody}/a", f"{server.address}/a")]
        found = {each.server: each for each in reach_all(asked, QUICK)}
    assert not found[nobody].reached
    assert "cannot be reached" in found[nobody].answer
    assert not found[server.address].reached
    assert "was silent for 0.3 s" in found[server.address].answer
