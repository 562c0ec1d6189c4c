"""The stages of a study, in the order in which data flows, and the folder of each.

A stage is declared here and nowhere else: rules, audit, crate, report and documentation read it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """A step of the data flow.

    Attributes:
        name: As in messages and in the audit.
        folder: Folder of its files, relative to the folder of the study.
    """

    name: str
    folder: str


SOURCES = Stage("sources", "resources")
FEATURES = Stage("features", "results/features")
DATABASES = Stage("databases", "results/databases")
PREDICTORS = Stage("predictors", "results/predictors")
TABLES = Stage("tables", "results/tables")
RUNS = Stage("runs", "results/runs")
SUMMARIES = Stage("summaries", "results/summaries")
RANKER = Stage("ranker", "results/ranker")
TOP_K = Stage("top-k", "results/top-k")
TRAINED = Stage("trained", "results/trained")
EVIDENCE = Stage("evidence", "results/evidence")
FIGURES = Stage("figures", "figures")
#: Pages directly below `results`: they count as evidence.
PAGES = Stage("evidence", "results")
#: Run records, and what is made of them; they are of no stage.
RECORDS = Stage("records", "results/provenance")

#: The study itself, which is made of the configuration alone.
STUDY_FILE = "results/study.json"

#: The flow of data.
STAGES = (
    SOURCES,
    FEATURES,
    DATABASES,
    PREDICTORS,
    TABLES,
    RUNS,
    SUMMARIES,
    RANKER,
    TOP_K,
    TRAINED,
    EVIDENCE,
    FIGURES,
)
