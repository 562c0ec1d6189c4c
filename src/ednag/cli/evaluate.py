"""`ednag evaluate`: one claim, table or figure, with what it costs, its verdict and chain."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.cli._options import STUDY
from ednag.cli._progress import log
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.evaluation.session import Session
    from ednag.evaluation.subjects import Subject


@click.command()
@click.argument("subject", required=False, metavar="[CLAIM|TABLE|FIGURE]")
@click.option("--list", "listing", is_flag=True, help="All that can be evaluated, with its cost.")
@click.option("--badges", is_flag=True, help="Which of ACM's artifact properties hold here.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and run nothing.")
@click.option("--json", "for_programs", is_flag=True, help="For machines.")
@STUDY
@click.option(
    "--cores",
    default=os.cpu_count() or 1,
    show_default="all",
    type=click.IntRange(1, 10_000),
    help="Jobs at once.",
)
def command(
    subject: str | None,
    listing: bool,
    badges: bool,
    dry_run: bool,
    for_programs: bool,
    study: Path | None,
    cores: int,
) -> None:
    """Give the verdict on one claim, or make one table or figure: only what it needs runs.

    A claim is named by its id in published/claims.yaml; a table or figure by its path, such as
    results/evidence/nasbench201.csv or figures/ranks-paper. First is printed what will run, then
    the verdict with its numbers, interval and runs, then the chain to checksummed bytes. The runs
    are those of the study, in its folder: a later `snakemake` does not repeat them.

    Exit status 1 if there is no answer: an unknown name, data that is not here, a broken chain.
    """
    if sum((bool(subject), listing, badges)) != 1:
        raise click.UsageError("name a claim, a table or a figure, or give --list or --badges")
    from ednag.evaluation.session import Session

    session = Session.of(study, cores)
    if badges:
        from ednag.evaluation.badges import badges_json, badges_of, badges_text

        held = badges_of(session)
        click.echo(badges_json(held) if for_programs else badges_text(held))
    elif listing:
        click.echo(session.listing_json() if for_programs else session.listing_text())
    else:
        _evaluate(session, session.find(subject or ""), dry_run, for_programs)


def _evaluate(session: "Session", subject: "Subject", dry_run: bool, for_programs: bool) -> None:
    """Print what a subject costs, make it, and print its answer."""
    from ednag.evaluation.session import answer_json, answer_text

    jobs, cost = session.plan_for(subject)
    if not for_programs:
        click.echo(f"{subject.name}: {subject.title}")
        click.echo(f"to run: {cost.text(session.cores)}")
    if any(job.rule == "trained_network" for job in jobs):
        from ednag.study.training_time import refuse_too_long

        refuse_too_long(session.plan.study, session.plan.searched, "auto", log)
    if dry_run:
        if for_programs:
            click.echo(answer_json(session, subject, cost))
        return
    start = time.monotonic()
    if jobs:
        session.workflow.make(subject.paths, session.cores, log)
    answer = session.answer(subject)
    log(f"took {time.monotonic() - start:.0f} s; {cost.seconds:.0f} s were predicted")
    click.echo(
        answer_json(session, subject, cost, answer)
        if for_programs
        else answer_text(subject, answer)
    )
    if answer.verdict is not None and answer.verdict.verdict == "needs data":
        raise EdnagError(f"{subject.name}: not tested: {answer.verdict.why}")
