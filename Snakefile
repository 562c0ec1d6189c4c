# EDNAG and NAR: regenerate, check and extend the results.
#
#   resources/{source}/{file}                                                  verified bytes
#   results/tables/{space}/{dataset}.parquet                                   benchmark tables
#   results/runs/{space}/{dataset}/{protocol}/{method}/seeds-{first}-{last}.parquet
#   results/summaries/{space}/{dataset}.parquet                                one row per run
#   results/summaries/{space}/{dataset}.{anytime,steps}.parquet                curves over runs
#   results/evidence/{space}.{csv,md,tex}                                      each at its own end
#   results/evidence/{space}-equal-budget.{csv,md,tex}                         at equal budgets
#   figures/{space}/{dataset}/{protocol}/{figure}.{pdf,png,csv}
#   figures/ranks-{protocol}.{pdf,png,csv}                                     over datasets
#   results/features/{images}.pt                                               images as features
#   results/databases/small/{part}/seeds-{first}-{last}.parquet                trained here
#   results/predictors/{predictor}.pt                                          trained on them
#   results/top-k/{space}/{dataset}.parquet                                    best by prediction
#   results/trained/{space}/{dataset}/seed-{seed}.parquet                      and trained
#   results/trained/{space}/{dataset}/{slot}/seed-{seed}.json, networks.parquet  on images
#   results/ranker/{space}/{dataset}/{ranker,baselines}-{seed}.parquet         cells ranked
#   results/evidence/{published,authors,sources,ranker}-*.{csv,md,tex}         beside what is printed
#   results/{verdicts,findings}.md                                             claims, and findings
#   results/provenance/**.json                                                 run records
#   logs/                                                                      what each job did
#
#   results/audit.{json,md}                                                    all of it checked
#   results/report/index.html                                                  pages to read
#
# Data flows one way: sources -> benchmark tables -> runs -> summaries -> tables and figures.
# Every rule calls one `ednag` subcommand; `ednag --help` runs the same by hand.

import sys
from pathlib import Path

from snakemake.utils import min_version

from ednag.errors import EdnagError
from ednag.study.configuration import check_study_files

min_version("9.0")

# Snakemake reads files of the command line before this line, any other after it.
try:
    check_study_files(
        workflow.config_settings.configfiles or [Path(workflow.basedir) / "config.yaml"]
    )
except EdnagError as error:
    sys.exit(f"configuration: {error}")


# A study is one file: what it leaves out has the defaults of config/schema.json.
if not workflow.config_settings.configfiles:

    configfile: f"{workflow.basedir}/config.yaml"


report: "rules/captions/workflow.rst"


include: "rules/common.smk"
include: "rules/sources.smk"
include: "rules/benchmarks.smk"
include: "rules/search.smk"
include: "rules/evidence.smk"
include: "rules/figures_common.smk"
include: "rules/figures.smk"
include: "rules/predictor_common.smk"
include: "rules/predictor.smk"
include: "rules/training.smk"
include: "rules/ranker_common.smk"
include: "rules/ranker.smk"
include: "rules/claims_common.smk"
include: "rules/claims.smk"


rule tables:
    input:
        [table_path(space, dataset) for space, dataset in benchmarks()],


rule runs:
    input:
        [path for space, dataset in benchmarks() for path in run_files(space, dataset)],


include: "rules/audit_common.smk"
include: "rules/audit.smk"


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.runs.input,
        evidence_files(),
        figure_files(),
        predictor_evidence(),
        predictor_figures(),
        trained_evidence(),
        trained_figures(),
        ranker_evidence(),
        ranker_figures(),
        claims_files(),
        chain_files(),
        "results/audit.json",
        "results/report",
        "results/provenance/sound",
