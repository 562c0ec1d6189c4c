"""Whether the servers of upstream files answer."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from ednag import __version__
from ednag.sources.http import in_words
from ednag.sources.registry import Source
from ednag.sources.transfer import Patience

#: The servers of addresses without one.
_SERVERS = {"gdrive:": "https://drive.google.com", "doi:": "https://doi.org"}
_PATIENCE = Patience(attempts=1, connect=5.0, silence=5.0)
_AT_ONCE = 16


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
            parts = urlsplit(address)
            server = _SERVERS.get(f"{parts.scheme}:")
            if parts.scheme in ("http", "https"):
                server = f"{parts.scheme}://{parts.netloc}"
            if server:
                ids.setdefault(server, {})[source.id] = None
    return {server: tuple(ids[server]) for server in sorted(ids)}


def reach_all(
    sources: Iterable[Source], patience: Patience = _PATIENCE
) -> tuple[Reachability, ...]:
    """Request the head of the front page of every server of `sources`, once each."""

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
