# Runs into summaries, summaries into tables and figures.


rule summary:
    input:
        table="results/tables/{space}/{dataset}.parquet",
        runs=lambda wildcards: run_files(wildcards.space, wildcards.dataset),
    output:
        summary="results/summaries/{space}/{dataset}.parquet",
        anytime="results/summaries/{space}/{dataset}.anytime.parquet",
        steps="results/summaries/{space}/{dataset}.steps.parquet",
    log:
        "logs/summaries/{space}/{dataset}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        seeds=format_seeds(study.seeds),
        checkpoints=as_json({"checkpoints": study.statistics.checkpoints}),
    message:
        "summarising {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag summarise {input.runs:q} --table {input.table:q} --seeds {params.seeds:q}"
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
    log:
        "logs/evidence/{space}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        statistics=as_json(study.statistics.model_dump()),
    message:
        "table of {wildcards.space}: each method at its own end"
    shell:
        "ednag tabulate own-end {input:q} --statistics {params.statistics:q}"
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
    log:
        "logs/evidence/{space}-equal-budget.log",
    conda:
        "../envs/ednag.yaml"
    params:
        statistics=as_json(study.statistics.model_dump()),
    message:
        "table of {wildcards.space}: equal numbers of distinct evaluations"
    shell:
        "ednag tabulate equal-budget {input:q} --statistics {params.statistics:q}"
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
    log:
        "logs/evidence/{space}-comparison.log",
    conda:
        "../envs/ednag.yaml"
    params:
        statistics=as_json(study.statistics.model_dump()),
    message:
        "table of {wildcards.space}: EDNAG against each method, paired by seed"
    shell:
        "ednag tabulate comparison {input:q} --statistics {params.statistics:q}"
        " --output {output.csv:q} --output {output.md:q} --output {output.tex:q} 2> {log:q}"


rule convergence_figure:
    input:
        curves="results/summaries/{space}/{dataset}.anytime.parquet",
        table="results/tables/{space}/{dataset}.parquet",
    output:
        csv=report(
            "figures/{space}/{dataset}/{protocol}/convergence.csv",
            caption="captions/convergence.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={"figure": "convergence", "protocol": "{protocol}", "file": "csv"},
        ),
        pdf="figures/{space}/{dataset}/{protocol}/convergence.pdf",
        png=report(
            "figures/{space}/{dataset}/{protocol}/convergence.png",
            caption="captions/convergence.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={"figure": "convergence", "protocol": "{protocol}", "file": "png"},
        ),
    log:
        "logs/figures/{space}/{dataset}/{protocol}/convergence.log",
    conda:
        "../envs/ednag.yaml"
    message:
        "drawing convergence of {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag plot convergence {input.curves:q} --table {input.table:q}"
        " --protocol {wildcards.protocol:q} --output {output.csv:q} --output {output.pdf:q}"
        " --output {output.png:q} 2> {log:q}"


rule denoising_figure:
    input:
        curves="results/summaries/{space}/{dataset}.steps.parquet",
        table="results/tables/{space}/{dataset}.parquet",
    output:
        csv=report(
            "figures/{space}/{dataset}/{protocol}/denoising.csv",
            caption="captions/denoising.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={"figure": "denoising", "protocol": "{protocol}", "file": "csv"},
        ),
        pdf="figures/{space}/{dataset}/{protocol}/denoising.pdf",
        png=report(
            "figures/{space}/{dataset}/{protocol}/denoising.png",
            caption="captions/denoising.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={"figure": "denoising", "protocol": "{protocol}", "file": "png"},
        ),
    log:
        "logs/figures/{space}/{dataset}/{protocol}/denoising.log",
    conda:
        "../envs/ednag.yaml"
    message:
        "drawing the denoising trace of {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag plot denoising {input.curves:q} --table {input.table:q}"
        " --protocol {wildcards.protocol:q} --output {output.csv:q} --output {output.pdf:q}"
        " --output {output.png:q} 2> {log:q}"
