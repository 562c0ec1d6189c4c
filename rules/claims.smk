# The paper's numbers and claims: printed beside regenerated, the authors' seeds among others,
# verdicts, findings.


rule generated:
    input:
        lambda wildcards: generator_files(wildcards.space, wildcards.dataset),
    output:
        file="results/summaries/{space}/{dataset}.generated.parquet",
        record=record_of("results/summaries/{space}/{dataset}.generated.parquet"),
    log:
        "logs/summaries/{space}/{dataset}.generated.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_benchmark("claims generated", spaces=True),
        lock=lock,
        seeds=format_seeds(study.seeds),
    message:
        "describing what was generated for {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " claims generated {input:q} --seeds {params.seeds:q} --output {output.file:q} 2> {log:q}"


rule authors_seeds:
    input:
        runs=authors_run_files,
        reference=published("reference-seeds.csv"),
    output:
        listed=report(
            "results/evidence/authors-seeds-{space}.csv",
            caption="captions/authors_seeds.rst",
            category="The authors' seeds",
            subcategory="{space}",
            labels={"table": "value in the comment and ours", "file": "csv"},
        ),
        listed_md="results/evidence/authors-seeds-{space}.md",
        listed_tex="results/evidence/authors-seeds-{space}.tex",
        sets=report(
            "results/evidence/authors-sets-{space}.csv",
            caption="captions/authors_sets.rst",
            category="The authors' seeds",
            subcategory="{space}",
            labels={"table": "chance of so good a set", "file": "csv"},
        ),
        sets_md="results/evidence/authors-sets-{space}.md",
        sets_tex="results/evidence/authors-sets-{space}.tex",
        figure_csv="figures/{space}/authors-seeds.csv",
        figure_pdf="figures/{space}/authors-seeds.pdf",
        figure_png=report(
            "figures/{space}/authors-seeds.png",
            caption="captions/authors_sets.rst",
            category="The authors' seeds",
            subcategory="{space}",
            labels={"table": "chance of so good a set", "file": "png"},
        ),
        record=record_of("results/evidence/authors-seeds-{space}.csv"),
    log:
        "logs/evidence/authors-seeds-{space}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_space("claims authors-seeds"),
        lock=lock,
        seeds=format_seeds(study.authors_seeds),
        statistics=as_json(study.statistics.model_dump()),
    message:
        "the authors' seeds of {wildcards.space} among unselected ones"
    shell:
        "ednag --record {output.record:q}"
        " claims authors-seeds {input.runs:q} --reference {input.reference:q}"
        " --seeds {params.seeds:q} --statistics {params.statistics:q}"
        ' --title "The authors\' seeds of {wildcards.space}"'
        " --listed {output.listed:q} --listed {output.listed_md:q} --listed {output.listed_tex:q}"
        " --sets {output.sets:q} --sets {output.sets_md:q} --sets {output.sets_tex:q}"
        " --figure {output.figure_csv:q} --figure {output.figure_pdf:q}"
        " --figure {output.figure_png:q} 2> {log:q}"


rule published_table:
    input:
        **measured_files(),
        printed=printed_file,
    output:
        csv=report(
            "results/evidence/published-{table}.csv",
            caption="captions/published.rst",
            category="The paper's tables",
            labels={"table": "{table}", "file": "csv"},
        ),
        md="results/evidence/published-{table}.md",
        tex="results/evidence/published-{table}.tex",
        record=record_of("results/evidence/published-{table}.csv"),
    log:
        "logs/evidence/published-{table}.log",
    wildcard_constraints:
        table="|".join(PUBLISHED_TABLES),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_all("claims published"),
        lock=lock,
        measured=measured_options,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "printed table {wildcards.table} beside regenerated numbers"
    shell:
        "ednag --record {output.record:q}"
        " claims published {wildcards.table:q} --printed {input.printed:q}"
        " {params.measured:q} --statistics {params.statistics:q}"
        " --output {output.csv:q} --output {output.md:q} --output {output.tex:q} 2> {log:q}"


rule verdicts:
    input:
        **measured_files(),
        claims=published("claims.yaml"),
    output:
        page=report(
            "results/verdicts.md",
            caption="captions/verdicts.rst",
            category="Verdicts",
            labels={"page": "every claim and its verdict", "file": "md"},
        ),
        data="results/verdicts.json",
        record=record_of("results/verdicts.md"),
    log:
        "logs/evidence/verdicts.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_all("claims verdicts"),
        lock=lock,
        measured=measured_options,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "judging the paper's claims"
    shell:
        "ednag --record {output.record:q}"
        " claims verdicts --claims {input.claims:q} {params.measured:q}"
        " --statistics {params.statistics:q} --page {output.page:q} --data {output.data:q}"
        " 2> {log:q}"


rule findings:
    input:
        **measured_files(),
        claims=published("claims.yaml"),
    output:
        file=report(
            "results/findings.md",
            caption="captions/findings.rst",
            category="Findings",
            labels={"page": "what the study found", "file": "md"},
        ),
        record=record_of("results/findings.md"),
    log:
        "logs/evidence/findings.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_all("claims findings"),
        lock=lock,
        measured=measured_options,
        missing=[
            f"--missing={each.space}/{each.dataset}={','.join(each.sources)}"
            for each in lacking
        ],
        statistics=as_json(study.statistics.model_dump()),
    message:
        "writing the findings"
    shell:
        "ednag --record {output.record:q}"
        " claims findings --claims {input.claims:q} {params.measured:q} {params.missing:q}"
        " --statistics {params.statistics:q} --output {output.file:q} 2> {log:q}"
