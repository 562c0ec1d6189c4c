# Which records and files the audit goes through.

from ednag.study.description import described
from ednag.study.sources_read import generated_files, sources_read


@cache
def study_records():
    """The run record of every job of the study."""
    tables = [
        path for path in (*evidence_files(), *claims_files()) if path.endswith(".csv")
    ]
    made = [
        *(source_path(source) for source in sources_read(study, searched, is_here)),
        *(f"results/{name}" for name in generated_files(study, searched)),
        *(table_path(space, dataset) for space, dataset in searched),
        *(path for space, dataset in searched for path in run_files(space, dataset)),
        *authors_runs(),
        *(
            f"results/summaries/{space}/{dataset}.parquet"
            for space, dataset in searched
        ),
        *generator_summaries(),
        *(path for path in tables if is_recorded(path)),
        *(f"figures/ranks-{protocol}" for protocol in ranked_protocols()),
        "figures/illustration",
        "results/verdicts.md",
        "results/findings.md",
    ]
    drawn = [
        record_of(f"figures/{space}/{dataset}/{protocol}/figures")
        for space, dataset in searched
        for protocol in protocols_of(study, space, dataset)
    ]
    return [
        *dict.fromkeys(
            [
                *(record_of(path) for path in made),
                *drawn,
                *predictor_records(),
                *ranker_records(),
            ]
        )
    ]


def is_recorded(table):
    """Whether a table's record is named after it, and not after one beside it."""
    beside = table.endswith("-differences.csv") or "authors-sets-" in table
    return table.startswith("results/") and not beside


def chain_records(wildcards):
    """The records that tables of {space} can lead to: all but those of searching other spaces."""
    others = tuple(
        f"results/provenance/{stage}/{space}/"
        for stage in ("tables", "runs", "summaries")
        for space in searched_spaces()
        if space != wildcards.space
    )
    return [path for path in study_records() if not path.startswith(others)]


def chain_files():
    return [f"results/provenance/chains/{space}.html" for space in searched_spaces()]


def audited_files():
    """One file of each job at the end of a chain; the audit finds those beside it."""
    pages = ["results/verdicts.md", "results/findings.md"]
    ends = [
        *evidence_files(),
        *figure_files(),
        *claims_files(),
        *predictor_evidence(),
        *predictor_figures(),
        *trained_evidence(),
        *trained_figures(),
        *ranker_evidence(),
        *ranker_figures(),
    ]
    return pages + [path for path in ends if path.endswith(".csv")]


def verdict_of_audit():
    """The first line of the audit's page, for the front page of the report."""
    page = Path("results/audit.md")
    lines = page.read_text(encoding="utf-8").splitlines() if page.is_file() else []
    said = [line for line in lines if line and not line.startswith("#")]
    return said[0] if said else "not audited yet"


config["audit_verdict"] = verdict_of_audit()


def shown_files():
    """The CSV of each table and figure that the report shows."""
    folders = ("results/evidence/", "figures/")
    return [
        path
        for path in dict.fromkeys(audited_files())
        if path.startswith(folders) and not path.endswith("-differences.csv")
    ]


def beside_shown_files():
    """What stands beside them and is read or linked to."""
    kinds = {"results": ("md",), "figures": ("png", "pdf")}
    return [
        f"{path.removesuffix('csv')}{suffix}"
        for path in shown_files()
        for suffix in kinds[path.partition("/")[0]]
    ]
