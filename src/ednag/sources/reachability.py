"""Whether the servers of upstream files answer."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Thread

import requests

from ednag import __version__
from ednag.sources.http import in_words
from ednag.sources.registry import Source
from ednag.sources.transfer import Patience, server_of

_PATIENCE = Patience(attempts=1, connect=5.0, silence=5.0)


@dataclass(frozen=True)
class Reachability:
    """The answer of a `server`, for example https://zenodo.org: `HTTP 200`, or why there is none.

    `sources` are the ids of its registered files, in the registry's order.
    """

    server: str
    sources: tuple[str, ...]
    reached: bool
    answer: str


def servers_of(sources: Iterable[Source]) -> dict[str, tuple[str, ...]]:
    """Server -> ids of its files, sorted by server; packages have no server."""
    ids: dict[str, dict[str, None]] = {}
    for source in sources:
        for address in source.addresses:
            if server := server_of(address):
                ids.setdefault(server, {})[source.id] = None
    return {server: tuple(ids[server]) for server in sorted(ids)}


def reach_all(
    sources: Iterable[Source], patience: Patience = _PATIENCE
) -> tuple[Reachability, ...]:
    """Request the head of the front page of every server of `sources`, once each, all at once.

    Takes `patience.connect` and `patience.silence` together at most, also where a name is not
    resolved or none of a server's many addresses answers.
    """
    servers, answers = servers_of(sources), dict[str, Reachability]()

    def reach(server: str, ids: tuple[str, ...]) -> None:
        try:
            answer = requests.head(
                f"{server}/",
                headers={"User-Agent": f"ednag/{__version__}"},
                timeout=(patience.connect, patience.silence),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            found = Reachability(server, ids, False, str(in_words(error, patience)))
        else:
            found = Reachability(server, ids, True, f"HTTP {answer.status_code}")
        answers[server] = found

    # Not a pool, whose threads the interpreter waits for at its end.
    threads = [Thread(target=reach, args=each, daemon=True) for each in servers.items()]
    for thread in threads:
        thread.start()
    longest = patience.connect + patience.silence
    end = time.monotonic() + longest
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    silent = f"does not answer within {longest:g} s"
    return tuple(
        answers.get(server) or Reachability(server, ids, False, silent)
        for server, ids in servers.items()
    )
