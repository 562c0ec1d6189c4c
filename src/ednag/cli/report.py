"""`ednag report`: static pages on a finished study, to read in a browser without a network."""

import os
from pathlib import Path

import click

from ednag.cli._options import EXISTING, FOLDER, ROOT, note_inputs, note_searched, parse_mapping
from ednag.cli._progress import log
from ednag.errors import EdnagError

VERDICTS = "results/verdicts.json"


@click.command()
@click.argument("files", nargs=-1, type=EXISTING)
@click.option(
    "--verdicts",
    type=EXISTING,
    help="Claims and their verdicts (JSON); the Markdown stands beside it. By default "
    "results/verdicts.json, where the study has it.",
)
@click.option(
    "--findings",
    type=EXISTING,
    default="results/findings.md",
    help="The page of findings (Markdown).",
)
@click.option(
    "--audit",
    type=EXISTING,
    default="results/audit.json",
    help="What the audit found (JSON); the Markdown stands beside it.",
)
@click.option("--chains", multiple=True, type=EXISTING, help="Page of chains; repeatable.")
@click.option("--title", default="A study", help="Title of the study.")
@click.option("--study", default="{}", help="JSON object: what was run, in words, by name.")
@click.option(
    "--output",
    type=FOLDER,
    default="results/report",
    help="Folder of the pages: new, empty, or an earlier report, which is replaced.",
)
@ROOT
def command(
    files: tuple[Path, ...],
    verdicts: Path | None,
    findings: Path,
    audit: Path,
    chains: tuple[Path, ...],
    title: str,
    study: str,
    output: Path,
    root: Path,
) -> None:
    """Write pages on the tables and figures FILES (CSV), verdicts, findings, audit, environment.

    Without FILES: every table in results/evidence and every figure.
    """
    from ednag.doctor.packages import pinned_versions
    from ednag.methods.instances import define_methods
    from ednag.provenance.recording import LOCK, project_folder
    from ednag.provenance.records import STORE
    from ednag.provenance.store import methods_of, read_store
    from ednag.report.material import is_exhibit
    from ednag.report.pages import PAGES, FinishedStudy, write_report

    names = [_name(path, root) for path in files]
    if not files:
        define_methods(methods_of(read_store(root)))
        tables = [*root.glob("results/evidence/*.csv"), *root.glob("figures/**/*.csv")]
        names = sorted(name for path in tables if is_exhibit(name := _name(path, root)))
    if not (verdicts or files) and (found := root / VERDICTS).is_file():
        verdicts = found
        note_inputs(found)
    if not chains:
        chains = tuple(sorted(root.glob("results/provenance/chains/*.html")))
    shown = [root / name for name in names]
    beside = [path.with_suffix(".md") for path in shown]
    note_inputs(*shown, *filter(Path.is_file, beside))
    note_searched([root / STORE])
    lock = project_folder() / LOCK
    pages, read = write_report(
        FinishedStudy(
            root=root,
            folder=_name(output, root),
            title=title,
            facts=[(name, str(value)) for name, value in parse_mapping(study, "--study").items()],
            tables=[name for name in names if name.startswith("results/")],
            figures=[name for name in names if name.startswith("figures/")],
            verdicts=_name(verdicts, root) if verdicts else "",
            findings=_name(findings, root),
            audit=_name(audit, root),
            chains=[_name(path, root) for path in chains],
            pinned=pinned_versions(lock) if lock.is_file() else {},
        )
    )
    note_inputs(*read)
    log(f"{output / PAGES[0][0]}: the first of {pages} pages")


def _name(path: Path, root: Path) -> str:
    """A path relative to the folder of the results."""
    try:
        return Path(os.path.normpath(path.absolute())).relative_to(root.absolute()).as_posix()
    except ValueError:
        raise EdnagError(f"{path} is not in {root}; pages link to what is: see --root") from None
