# The paper's numbers and claims: printed beside regenerated, the authors' seeds among others,
# verdicts, findings.


rule authors_seeds:
    input:
        runs=plan.authors_runs,
        reference=published("reference-seeds.csv"),
    output:
        **made("authors_seeds"),
    log:
        logs("authors_seeds"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_space("claims authors-seeds"),
        lock=lock,
        seeds=format_seeds(study.authors_seeds),
        settings=settings(["ednag"]),
        statistics=statistics,
    message:
        "the authors' seeds of {wildcards.space} among unselected ones"
    shell:
        "ednag --record {output.record:q}"
        " claims authors-seeds {input.runs:q} --reference {input.reference:q}"
        " --seeds {params.seeds:q} --settings {params.settings:q}"
        " --statistics {params.statistics:q}"
        ' --title "The authors\' seeds of {wildcards.space}"'
        " --listed {output.authors_seeds_csv:q} --listed {output.authors_seeds_md:q}"
        " --listed {output.authors_seeds_tex:q} --sets {output.authors_sets_csv:q}"
        " --sets {output.authors_sets_md:q} --sets {output.authors_sets_tex:q}"
        " --figure {output.authors_figure_csv:q} --figure {output.authors_figure_pdf:q}"
        " --figure {output.authors_figure_png:q} 2> {log:q}"


rule published_table:
    input:
        **MEASURED_FILES,
        printed=lambda at: published(PUBLISHED_TABLES[at.table]),
    output:
        **made("published_table"),
    log:
        logs("published_table"),
    wildcard_constraints:
        table="|".join(PUBLISHED_TABLES),
    group:
        "published"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_study("claims published"),
        lock=lock,
        measured=measured_options,
        statistics=statistics,
    message:
        "printed table {wildcards.table} beside regenerated numbers"
    shell:
        "ednag --record {output.record:q}"
        " claims published {wildcards.table:q} --printed {input.printed:q}"
        " {params.measured:q} --statistics {params.statistics:q}"
        " --output {output.published_csv:q} --output {output.published_md:q}"
        " --output {output.published_tex:q} 2> {log:q}"


rule verdicts:
    input:
        **MEASURED_FILES,
        predictor=plan.files("predictor"),
        claims=[published("claims.yaml")] if plan.claimed else [],
        reference=published("reference-seeds.csv"),
    output:
        **made("verdicts", without=() if plan.claimed else ["verdicts"]),
    log:
        logs("verdicts"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_study("claims verdicts"),
        lock=lock,
        methods=lambda at: plan.definitions(plan.methods_run),
        measured=measured_options,
        missing=[
            f"--missing={each.space}/{each.dataset}={','.join(each.sources)}"
            for each in plan.lacking
        ],
        predictor=each_of("--predictor", "predictor"),
        statistics=statistics,
        title=study.title,
        claims=each_of("--claims", "claims"),
        verdicts=lambda wildcards, output: [
            f"{option}={file}"
            for option, file in zip(["--page", "--data"], output[1:-1])
        ],
    message:
        "judging the paper's claims, and writing the findings"
    shell:
        "ednag --record {output.record:q} {params.methods:q}"
        " claims verdicts {params.claims:q} --reference {input.reference:q}"
        " {params.measured:q} {params.missing:q} {params.predictor:q}"
        " --statistics {params.statistics:q} --title {params.title:q} {params.verdicts:q}"
        " --findings {output.findings:q} 2> {log:q}"
