# Summaries into the figures beyond convergence and denoising, and the method's illustration.


rule anytime_figure:
    input:
        summary="results/summaries/{space}/{dataset}.parquet",
        curves="results/summaries/{space}/{dataset}.anytime.parquet",
    output:
        csv=report(
            "figures/{space}/{dataset}/{protocol}/anytime.csv",
            caption="captions/anytime.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={
                "figure": "all methods at equal evaluations",
                "protocol": "{protocol}",
                "file": "csv",
            },
        ),
        pdf="figures/{space}/{dataset}/{protocol}/anytime.pdf",
        png=report(
            "figures/{space}/{dataset}/{protocol}/anytime.png",
            caption="captions/anytime.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={
                "figure": "all methods at equal evaluations",
                "protocol": "{protocol}",
                "file": "png",
            },
        ),
    log:
        "logs/figures/{space}/{dataset}/{protocol}/anytime.log",
    conda:
        "../envs/ednag.yaml"
    message:
        "drawing all methods at equal evaluations on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag plot anytime {input.summary:q} {input.curves:q} --protocol {wildcards.protocol:q}"
        " --output {output.csv:q} --output {output.pdf:q} --output {output.png:q} 2> {log:q}"


rule outcomes_figure:
    input:
        summary="results/summaries/{space}/{dataset}.parquet",
    output:
        csv=report(
            "figures/{space}/{dataset}/{protocol}/outcomes.csv",
            caption="captions/outcomes.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={
                "figure": "outcome of each run",
                "protocol": "{protocol}",
                "file": "csv",
            },
        ),
        pdf="figures/{space}/{dataset}/{protocol}/outcomes.pdf",
        png=report(
            "figures/{space}/{dataset}/{protocol}/outcomes.png",
            caption="captions/outcomes.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={
                "figure": "outcome of each run",
                "protocol": "{protocol}",
                "file": "png",
            },
        ),
    log:
        "logs/figures/{space}/{dataset}/{protocol}/outcomes.log",
    conda:
        "../envs/ednag.yaml"
    message:
        "drawing the outcome of each run on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag plot outcomes {input.summary:q} --protocol {wildcards.protocol:q}"
        " --output {output.csv:q} --output {output.pdf:q} --output {output.png:q} 2> {log:q}"


rule variants_figure:
    input:
        summary="results/summaries/{space}/{dataset}.parquet",
        curves="results/summaries/{space}/{dataset}.anytime.parquet",
    output:
        csv=report(
            "figures/{space}/{dataset}/{protocol}/{variant}.csv",
            caption="captions/variants.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={
                "figure": "EDNAG by {variant}",
                "protocol": "{protocol}",
                "file": "csv",
            },
        ),
        pdf="figures/{space}/{dataset}/{protocol}/{variant}.pdf",
        png=report(
            "figures/{space}/{dataset}/{protocol}/{variant}.png",
            caption="captions/variants.rst",
            category="Figures",
            subcategory="{space} {dataset}",
            labels={
                "figure": "EDNAG by {variant}",
                "protocol": "{protocol}",
                "file": "png",
            },
        ),
    log:
        "logs/figures/{space}/{dataset}/{protocol}/{variant}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        statistics=as_json(study.statistics.model_dump()),
    message:
        "drawing EDNAG by {wildcards.variant} on {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag plot variants {wildcards.variant:q} {input.summary:q} {input.curves:q}"
        " --protocol {wildcards.protocol:q} --statistics {params.statistics:q}"
        " --output {output.csv:q} --output {output.pdf:q} --output {output.png:q} 2> {log:q}"


rule ranks_figure:
    input:
        ranked_summaries,
    output:
        csv=report(
            "figures/ranks-{protocol}.csv",
            caption="captions/ranks.rst",
            category="Figures",
            subcategory="All datasets",
            labels={
                "figure": "mean ranks and critical difference",
                "protocol": "{protocol}",
                "file": "csv",
            },
        ),
        pdf="figures/ranks-{protocol}.pdf",
        png=report(
            "figures/ranks-{protocol}.png",
            caption="captions/ranks.rst",
            category="Figures",
            subcategory="All datasets",
            labels={
                "figure": "mean ranks and critical difference",
                "protocol": "{protocol}",
                "file": "png",
            },
        ),
    log:
        "logs/figures/ranks-{protocol}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        statistics=as_json(study.statistics.model_dump()),
    message:
        "drawing mean ranks over datasets, protocol {wildcards.protocol}"
    shell:
        "ednag plot ranks {input:q} --protocol {wildcards.protocol:q}"
        " --statistics {params.statistics:q}"
        " --output {output.csv:q} --output {output.pdf:q} --output {output.png:q} 2> {log:q}"


rule illustration:
    output:
        csv=report(
            "figures/illustration.csv",
            caption="captions/illustration.rst",
            category="Figures",
            subcategory="The method",
            labels={"figure": "from noise to two peaks", "file": "csv"},
        ),
        pdf="figures/illustration.pdf",
        png=report(
            "figures/illustration.png",
            caption="captions/illustration.rst",
            category="Figures",
            subcategory="The method",
            labels={"figure": "from noise to two peaks", "file": "png"},
        ),
    log:
        "logs/figures/illustration.log",
    conda:
        "../envs/ednag.yaml"
    message:
        "drawing the method on a density of two peaks"
    shell:
        "ednag plot illustration"
        " --output {output.csv:q} --output {output.pdf:q} --output {output.png:q} 2> {log:q}"
