"""Hashing the files of a study again, each once, on all cores."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ednag.provenance.setting import Setting
from ednag.provenance.stages import source_of
from ednag.sources.verification import Digests, digest


def measure(setting: Setting, names: frozenset[str]) -> Mapping[str, Digests | None]:
    """What the named files hold now; None for one that is not there.

    Of a source, all checksums that the registry knows are measured, in one read.
    """
    paths = {name: setting.path(name) for name in names}
    sizes = {name: path.stat().st_size for name, path in paths.items() if path.is_file()}
    # The largest first, so that no core waits for another that began a large file last.
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))

    def digest_one(name: str) -> Digests:
        source = source_of(name)
        return digest(paths[name], setting.registry.get(source[0]) if source else None)

    # Threads suffice: hashing and reading let the others run.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(ordered, pool.map(digest_one, ordered), strict=True))
    return {name: found.get(name) for name in sorted(names)}
