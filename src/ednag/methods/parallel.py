"""Seeds of one method on several cores: forks that have all that this process has loaded."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

from pydantic import BaseModel

from ednag.errors import EdnagError
from ednag.methods.interface import Method, Run
from ednag.search.objective import Objective

#: Runs some seeds in a fork, to which nothing but numbers need be sent.
_run: Callable[[Sequence[int]], Iterator[Run]]


def run_on_cores(
    method: Method,
    objective: Objective,
    seeds: Sequence[int],
    budget: int,
    settings: BaseModel,
    threads: int,
) -> Iterator[Run]:
    """Run all seeds, a part on each of so many cores; the runs are equal for all `threads`.

    This process runs the first part, so that its record names what a search imports and opens. A
    method of the user's runs here alone: what it opens may depend on the seed.

    Raises:
        EdnagError: As `Method.run_all`; or a fork was stopped.
    """
    run = partial(method.run_all, objective, budget=budget, settings=settings)
    parts = 1 if method.is_own else max(1, min(threads, len(seeds)))
    ends = [len(seeds) * part // parts for part in range(1, parts + 1)]
    others = [seeds[start:end] for start, end in pairwise(ends)]
    if not others:
        yield from run(seeds)
        return
    # Here: both take longer to import than some searches.
    import multiprocessing
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(len(others), context, _keep, (run,)) as forks:
        rest = forks.map(_run_all, others)
        yield from run(seeds[: ends[0]])
        try:
            for runs in rest:
                yield from runs
        except BrokenProcessPool as error:
            raise EdnagError(
                "a process with a part of the seeds was stopped, perhaps for its memory; run the "
                "command again with --threads 1"
            ) from error


def _keep(run: Callable[[Sequence[int]], Iterator[Run]]) -> None:
    global _run
    _run = run


def _run_all(seeds: Sequence[int]) -> list[Run]:
    return list(_run(seeds))
