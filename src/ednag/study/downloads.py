"""Source files that a study can use and that are not here: which to fetch, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from ednag.errors import listed
from ednag.sources.registry import Source
from ednag.sources.sizes import size_in_words
from ednag.study.plan import Plan

#: Bytes that optional files may have together to be fetched without being named.
MOST_BYTES = 100_000_000


@dataclass(frozen=True)
class Absent:
    """Ids of source files that are not here.

    Attributes:
        needed: Those without which the study does not run.
        optional: Those of what the study leaves out, where they fit in `MOST_BYTES` together.
        others: The rest of these: too large, of unknown size, or published nowhere.
    """

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    others: tuple[str, ...]


def absent_files(plan: Plan, registry: Mapping[str, Source]) -> Absent:
    """The files that a study can use and that are not here, in the study's order.

    What needs several files is fetched whole or not at all.
    """
    optional: dict[str, int] = {}
    others: dict[str, None] = {}
    for ids in plan.left_out.values():
        wanted = [registry[id] for id in ids if id not in optional]
        sizes = {each.id: each.size for each in wanted if each.size and each.addresses}
        if len(sizes) == len(wanted) and sum((*optional.values(), *sizes.values())) <= MOST_BYTES:
            optional |= sizes
        else:
            others |= dict.fromkeys(each.id for each in wanted)
    needed = [id for id in plan.sources if not plan.is_here(id)]
    return Absent(
        tuple(needed),
        tuple(id for id in optional if id not in needed),
        tuple(id for id in others if id not in optional),
    )


def what_is_left_out(plan: Plan, registry: Mapping[str, Source], command: str | None) -> str:
    """One line on what a study leaves out and how to get its files; "" if nothing is left out.

    Args:
        plan: The plan of the study.
        registry: All sources.
        command: What fetches the optional files, see `data_command`; None: a call that names them.
    """
    if not plan.left_out:
        return ""
    absent = absent_files(plan, registry)
    ways = [f"ednag sources fetch {' '.join(absent.others)}"] if absent.others else []
    if absent.optional:
        command = command or f"ednag sources fetch {' '.join(absent.optional)}"
        ways.insert(0, f"{command} ({number_and_size(absent.optional, registry)})")
    names = listed(list(plan.left_out))
    return f"left out, as their files are not here: {names}; to get them: {' and '.join(ways)}"


def number_and_size(ids: Sequence[str], registry: Mapping[str, Source]) -> str:
    """How many files these are and their bytes, for people: `13 files, 19.6 MB`."""
    sizes = [registry[id].size for id in ids]
    known = size_in_words(sum(filter(None, sizes)))
    return f"{len(ids)} file{'s' * (len(ids) > 1)}, {'at least ' * (None in sizes)}{known}"


def data_command(study: Sequence[Path], project: Path, called: Path | None = None) -> str | None:
    """The target of the Makefile that fetches the files of a study, if it can be called here.

    Args:
        study: The files of the study.
        project: The folder of the Makefile.
        called: The folder of the call, by default the current one.
    """
    here = called or Path.cwd()
    if len(study) > 1 or here.resolve() != project.resolve():
        return None
    if study[0].resolve() == (project / "config.yaml").resolve():
        return "make data"
    named = study[0].relative_to(here) if study[0].is_relative_to(here) else study[0]
    return f"make data STUDY={quote(str(named))}"
