# Runs into summaries, summaries into tables.


rule summary:
    input:
        table="results/tables/{space}/{dataset}.parquet",
        runs=lambda wildcards: run_files(wildcards.space, wildcards.dataset),
    output:
        summary="results/summaries/{space}/{dataset}.parquet",
        anytime="results/summaries/{space}/{dataset}.anytime.parquet",
        steps="results/summaries/{space}/{dataset}.steps.parquet",
        record=record_of("results/summaries/{space}/{dataset}.parquet"),
    log:
        "logs/summaries/{space}/{dataset}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_benchmark("summarise", spaces=True),
        lock=lock,
        seeds=format_seeds(study.seeds),
        method_seeds=method_seeds,
        checkpoints=as_json({"checkpoints": study.statistics.checkpoints}),
    message:
        "summarising {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " summarise {input.runs:q} --table {input.table:q} --seeds {params.seeds:q}"
        " --method-seeds {params.method_seeds:q}"
        " --statistics {params.checkpoints:q} --output {output.summary:q}"
        " --anytime {output.anytime:q} --steps {output.steps:q} 2> {log:q}"


rule table_at_own_end:
    input:
        summaries_of,
    output:
        csv=report(
            "results/evidence/{space}.csv",
            caption="captions/own_end.rst",
            category="Tables",
            subcategory="{space}",
            labels={"table": "each method at its own end", "file": "csv"},
        ),
        md="results/evidence/{space}.md",
        tex="results/evidence/{space}.tex",
        record=record_of("results/evidence/{space}.csv"),
    log:
        "logs/evidence/{space}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_space("tabulate"),
        lock=lock,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "table of {wildcards.space}: each method at its own end"
    shell:
        "ednag --record {output.record:q}"
        " tabulate own-end {input:q} --statistics {params.statistics:q}"
        " --output {output.csv:q} --output {output.md:q} --output {output.tex:q} 2> {log:q}"


rule table_at_equal_budget:
    input:
        summaries_of,
    output:
        csv=report(
            "results/evidence/{space}-equal-budget.csv",
            caption="captions/equal_budget.rst",
            category="Tables",
            subcategory="{space}",
            labels={"table": "equal numbers of distinct evaluations", "file": "csv"},
        ),
        md="results/evidence/{space}-equal-budget.md",
        tex="results/evidence/{space}-equal-budget.tex",
        record=record_of("results/evidence/{space}-equal-budget.csv"),
    log:
        "logs/evidence/{space}-equal-budget.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_space("tabulate"),
        lock=lock,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "table of {wildcards.space}: equal numbers of distinct evaluations"
    shell:
        "ednag --record {output.record:q}"
        " tabulate equal-budget {input:q} --statistics {params.statistics:q}"
        " --output {output.csv:q} --output {output.md:q} --output {output.tex:q} 2> {log:q}"


rule table_of_comparisons:
    input:
        summaries_of,
    output:
        csv=report(
            "results/evidence/{space}-comparison.csv",
            caption="captions/comparison.rst",
            category="Tables",
            subcategory="{space}",
            labels={
                "table": "EDNAG against each method, paired by seed",
                "file": "csv",
            },
        ),
        md="results/evidence/{space}-comparison.md",
        tex="results/evidence/{space}-comparison.tex",
        record=record_of("results/evidence/{space}-comparison.csv"),
    log:
        "logs/evidence/{space}-comparison.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_space("tabulate"),
        lock=lock,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "table of {wildcards.space}: EDNAG against each method, paired by seed"
    shell:
        "ednag --record {output.record:q}"
        " tabulate comparison {input:q} --statistics {params.statistics:q}"
        " --output {output.csv:q} --output {output.md:q} --output {output.tex:q} 2> {log:q}"
