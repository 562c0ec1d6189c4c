"""`ednag sources`: list, fetch, verify, lock and add upstream files."""

import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ednag.cli.options import OUTPUT, note_searched
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.sources.inventory import Check, Holding
    from ednag.sources.obtain import Surroundings
    from ednag.sources.registry import Source

_PATH = click.Path(path_type=Path)
_FOLDER = click.Path(path_type=Path, file_okay=False)


class _Notices(logging.Handler):
    """What happens on the way, on stderr: looked up at each line, for a progress bar moves it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        click.echo(f"ednag: {record.getMessage()}", err=True)


def _places(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say where files and their registry are."""
    for option in (
        click.option("--registry", type=_PATH, help="Registry instead of sources.yaml."),
        click.option("--cache", type=_FOLDER, help="Cache folder instead of EDNAG_CACHE."),
        click.option(
            "--mirror",
            "mirrors",
            multiple=True,
            type=_PATH,
            help="Folder to search by file name, instead of EDNAG_MIRROR; repeatable.",
        ),
    ):
        function = option(function)
    return function


def _around(
    registry: Path | None, cache: Path | None, mirrors: tuple[Path, ...], offline: bool = False
) -> "Surroundings":
    from ednag.sources.lock import lock_path
    from ednag.sources.obtain import Surroundings

    return Surroundings.of_user(mirrors or None, cache, offline, lock_path(registry))


def _selected(
    registry: Mapping[str, "Source"], ids: tuple[str, ...], needed_for: tuple[str, ...]
) -> dict[str, "Source"]:
    """The named sources and those needed for the named purposes; all where nothing is named."""
    from ednag.sources.registry import find_source

    if not ids and not needed_for:
        return dict(registry)
    chosen = {id: find_source(registry, id) for id in ids}
    purposes = {purpose for source in registry.values() for purpose in source.needed_for}
    for purpose in needed_for:
        if purpose not in purposes:
            raise EdnagError(
                f"nothing is needed for '{purpose}'; known: {', '.join(sorted(purposes))}"
            )
    chosen.update(
        {s.id: s for s in registry.values() if any(each in needed_for for each in s.needed_for)}
    )
    return chosen


@click.group()
def command() -> None:
    """Upstream files: see what there is, fetch, verify, trust and add."""
    log = logging.getLogger("ednag.sources")
    log.handlers = [_Notices()]
    log.setLevel(logging.INFO)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--needed-for", multiple=True, help="Only what this purpose needs; repeatable.")
@_places
def list_(
    as_json: bool,
    needed_for: tuple[str, ...],
    registry: Path | None,
    cache: Path | None,
    mirrors: tuple[Path, ...],
) -> None:
    """List all files, what they are needed for and how they stand here; hashes nothing."""
    from ednag.sources.inventory import take_stock
    from ednag.sources.lock import load_lock
    from ednag.sources.registry import load_registry

    sources = _selected(load_registry(registry), (), needed_for)
    around = _around(registry, cache, mirrors)
    holdings, locked = take_stock(sources, around), load_lock(around.lock)
    if as_json:
        import json

        click.echo(json.dumps([_as_record(each, locked) for each in holdings], indent=2))
    else:
        _print_table(holdings, locked)


def _held_by(source: "Source", locked: Collection[str]) -> str:
    """What the bytes of a source are checked against: the name of a checksum, or trust."""
    if source.checksum:
        return source.checksum
    return "trust, recorded" if source.id in locked else "trust on first use"


def _as_record(holding: "Holding", locked: Collection[str]) -> dict[str, Any]:
    """A holding for machines; no path, which would differ from machine to machine."""
    fields = holding.source.model_dump(mode="json")
    held_by = _held_by(holding.source, locked)
    return {**fields, "state": holding.state.value, "place": holding.place, "held_by": held_by}


def _print_table(holdings: list["Holding"], locked: Collection[str]) -> None:
    from collections import Counter

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from ednag.sources.sizes import size_in_words

    table = Table(box=SIMPLE_HEAD)
    table.add_column("id", overflow="fold")
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for heading in ("licence", "state", "held by", "needed for"):
        table.add_column(heading)
    for each in holdings:
        source = each.source
        table.add_row(
            source.id,
            source.file,
            size_in_words(source.size),
            source.licence or "unknown",
            each.state.value,
            _held_by(source, locked),
            ", ".join(source.needed_for),
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 180  # a log or a pipe has no width of its own
    console.print(table)
    for each in holdings:
        if each.state.value == "unobtainable":
            stand_in = each.source.stand_in or "nothing"
            click.echo(f"{each.source.id} is published nowhere; in its place: {stand_in}")
    counts = Counter(each.state.value for each in holdings)
    click.echo(", ".join(f"{number} {state}" for state, number in sorted(counts.items())))


@command.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--needed-for", multiple=True, help="All that this purpose needs; repeatable.")
@click.option("--output", type=OUTPUT, help="Put the verified file here (one ID).")
@click.option("--extract", type=_FOLDER, help="Unpack the verified archive here (one ID).")
@click.option("--offline", is_flag=True, help="Ask no address.")
@click.option(
    "--jobs", default=4, show_default=True, type=click.IntRange(1, 32), help="Downloads at once."
)
@_places
def fetch(
    ids: tuple[str, ...],
    needed_for: tuple[str, ...],
    output: Path | None,
    extract: Path | None,
    offline: bool,
    jobs: int,
    registry: Path | None,
    cache: Path | None,
    mirrors: tuple[Path, ...],
) -> None:
    """Obtain files, verify them and print where they are."""
    from ednag.sources.archives import extract as unpack
    from ednag.sources.obtain import deliver, fetch_all
    from ednag.sources.progress import following
    from ednag.sources.registry import load_registry

    if not ids and not needed_for:
        raise click.UsageError("name an ID or a purpose (--needed-for)")
    chosen = list(_selected(load_registry(registry), ids, needed_for).values())
    if len(chosen) != 1 and (output or extract):
        raise click.UsageError("--output and --extract take one ID")
    around = _around(registry, cache, mirrors, offline)
    note_searched([around.cache, *around.mirrors])
    with following() as named:
        if output is not None:
            deliver(chosen[0], output, around, named(chosen[0].id))
            found = [output]
        else:
            found = fetch_all(chosen, around, named, jobs)
    if extract is not None:
        unpack(found[0], extract)
        found = [extract]
    for path in found:
        click.echo(path)


@command.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--resources",
    type=_FOLDER,
    default=Path("resources"),
    show_default=True,
    help="Files of a study, checked as well.",
)
@click.option("--sums", type=_PATH, help="Where to write SHA256SUMS; default: in the cache folder.")
@_places
def verify(
    ids: tuple[str, ...],
    resources: Path,
    sums: Path | None,
    registry: Path | None,
    cache: Path | None,
    mirrors: tuple[Path, ...],
) -> None:
    """Hash every file that is here again; status 1 and a list if any differs."""
    from ednag.files import write_text
    from ednag.sources.inventory import check_all, checksum_file
    from ednag.sources.registry import load_registry

    around = _around(registry, cache, mirrors)
    checks = check_all(_selected(load_registry(registry), ids, ()), around, resources)
    right = [each for each in checks if each.fault is None]
    if right:
        sums = sums or around.cache / "SHA256SUMS"
        write_text(sums, checksum_file(right, sums.parent))
        click.echo(f"{len(right)} files are what they should be; sums in {sums}")
    else:
        click.echo("no file is here that is what it should be")
    _print_trusted(right, around)
    wrong = [each.fault for each in checks if each.fault is not None]
    for fault in wrong:
        click.echo(f"differs: {fault}", err=True)
    if wrong:
        raise EdnagError(f"{len(wrong)} of {len(checks)} files differ; fetch them again")


def _print_trusted(checks: list["Check"], around: "Surroundings") -> None:
    """Print which sources have no checksum: those in the lock file, then all others."""
    from ednag.sources.lock import load_lock

    bare = {each.source.id for each in checks if not each.source.has_checksum}
    recorded = bare.intersection(load_lock(around.lock))
    if recorded:
        click.echo(f"no checksum, trusted on first use: {', '.join(sorted(recorded))}")
    if bare - recorded:
        named = ", ".join(sorted(bare - recorded))
        click.echo(f"vouched for by nobody: {named}; see ednag sources lock")


@command.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--accept", is_flag=True, help="Trust the bytes here in place of those recorded.")
@_places
def lock(
    ids: tuple[str, ...],
    accept: bool,
    registry: Path | None,
    cache: Path | None,
    mirrors: tuple[Path, ...],
) -> None:
    """Record the sha256 of files that are here and have none in the registry."""
    from ednag.sources.inventory import lock_present
    from ednag.sources.registry import load_registry

    if accept and not ids:
        raise click.UsageError("--accept takes the IDs whose new bytes are right")
    around = _around(registry, cache, mirrors)
    chosen = _selected(load_registry(registry), ids, ())
    recorded = lock_present(chosen, around, accept=accept)
    for id, sha256 in recorded.items():
        click.echo(f"{sha256}  {id}")
    if recorded:
        click.echo(f"recorded in {around.lock}; commit it")
    if left_out := sorted(set(ids) - set(recorded)):
        raise EdnagError(
            f"not recorded: {', '.join(left_out)}; a file must be in the cache or a mirror "
            "(--mirror FOLDER), and one with a published sha256 needs no record"
        )


@command.command()
@click.argument("id")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option("--file", "file", required=True, help="Its name in the cache and in mirrors.")
@click.option(
    "--path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file itself, where it is here already; otherwise it is fetched.",
)
@click.option("--licence", help="As its publisher states it.")
@click.option("--needed-for", multiple=True, required=True, help="A purpose; repeatable.")
@click.option("--note", help="What people should know about it.")
@_places
def add(
    id: str,
    addresses: tuple[str, ...],
    file: str,
    path: Path | None,
    licence: str | None,
    needed_for: tuple[str, ...],
    note: str | None,
    registry: Path | None,
    cache: Path | None,
    mirrors: tuple[Path, ...],
) -> None:
    """Add a file to the registry, with the size and sha256 of its bytes today."""
    from ednag.sources.addition import add_source
    from ednag.sources.registry import registry_path

    written = registry or registry_path()
    fields = {
        "id": id,
        "file": file,
        "addresses": addresses,
        "licence": licence,
        "needed_for": needed_for,
        "note": note,
    }
    source = add_source(written, fields, path, _around(registry, cache, mirrors))
    click.echo(f"{source.sha256}  {source.id} ({source.size:,} bytes) added to {written}")
