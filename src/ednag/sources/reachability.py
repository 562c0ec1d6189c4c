"""Whether the servers that hold upstream files answer, each asked once."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from ednag import __version__
from ednag.sources.http import in_words
from ednag.sources.registry import Source
from ednag.sources.transfer import Patience

#: The server behind an address that names none.
_SERVERS = {"gdrive:": "https://drive.google.com", "doi:": "https://doi.org"}
#: Quick: a server that is there answers a question about its front page at once.
_PATIENCE = Patience(attempts=1, connect=5.0, silence=5.0)
_AT_ONCE = 16


@dataclass(frozen=True)
class Reachability:
    """What a server answered.

    Attributes:
        server: Its address, such as https://zenodo.org.
        sources: Ids of the registered files that it holds, in the registry's order.
        reached: Whether it answered at all; whether the files are there is another question.
        answer: `HTTP 200`, or why there was no answer.
    """

    server: str
    sources: tuple[str, ...]
    reached: bool
    answer: str


def servers_of(sources: Iterable[Source]) -> dict[str, tuple[str, ...]]:
    """Server -> ids of the files that it holds, sorted by server; packages have no server."""
    found: dict[str, dict[str, None]] = {}
    for source in sources:
        for address in source.addresses:
            named = [server for scheme, server in _SERVERS.items() if address.startswith(scheme)]
            if address.startswith(("http://", "https://")):
                parts = urlsplit(address)
                named = [f"{parts.scheme}://{parts.netloc}"]
            for server in named:
                found.setdefault(server, {})[source.id] = None
    return {server: tuple(found[server]) for server in sorted(found)}


def reach_all(
    sources: Iterable[Source], patience: Patience = _PATIENCE
) -> tuple[Reachability, ...]:
    """Ask every server that holds one of `sources` for the head of its front page, once each.

    `patience` holds the seconds to wait for a connection and for an answer.
    """

    def reach(server: str, ids: tuple[str, ...]) -> Reachability:
        try:
            answer = requests.head(
                f"{server}/",
                headers={"User-Agent": f"ednag/{__version__}"},
                timeout=(patience.connect, patience.silence),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return Reachability(server, ids, False, str(in_words(error, patience)))
        return Reachability(server, ids, True, f"HTTP {answer.status_code}")

    servers = servers_of(sources)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(reach, servers, servers.values()))
