# Runs into summaries, summaries into tables.


rule summary:
    input:
        table=path("table"),
        runs=plan.runs,
    output:
        **made("summary"),
    log:
        logs("summary"),
    priority: 2
    group:
        "summaries"
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of("summarise"),
        lock=lock,
        seeds=format_seeds(study.seeds),
        method_seeds=lambda at: as_json(plan.fewer_seeds(at)),
        settings=settings(),
        budgets=as_json(study.statistics.model_dump(include={"checkpoints", "hours"})),
        counted=plan.count_option,
    message:
        "summarising {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " summarise {input.runs:q} --table {input.table:q} --seeds {params.seeds:q}"
        " --method-seeds {params.method_seeds:q}"
        " --settings {params.settings:q}"
        " --statistics {params.budgets:q} {params.counted} --output {output.summary:q}"
        " --anytime {output.curves:q} --steps {output.step_curves:q} 2> {log:q}"


# One rule for each table of a search space; `ednag tabulate` makes one of its name.
for each in SPACE_TABLES:

    rule:
        name:
            each.job
        input:
            lambda at: plan.files("summary", at),
        output:
            **made(each.job),
        log:
            logs(each.job),
        priority: 3
        conda:
            "../envs/ednag.yaml"
        params:
            code=code_of_space("tabulate"),
            lock=lock,
            methods=lambda at: plan.definitions(plan.methods(at)),
            kind=each.name.replace("_", "-"),
            files=lambda wildcards, output: named("--output", output[:3]),
            statistics=statistics,
        message:
            "table of {wildcards.space}: {params.kind}"
        shell:
            "ednag --record {output.record:q} {params.methods:q}"
            " tabulate {params.kind} {input:q} --statistics {params.statistics:q}"
            " {params.files:q} 2> {log:q}"


rule fronts:
    input:
        table=path("table"),
        costs=plan.cost_files,
        runs=plan.protocol_runs,
    output:
        **made("fronts"),
    log:
        logs("fronts"),
    priority: 2
    conda:
        "../envs/ednag.yaml"
    params:
        code=lambda at: plan.code(
            "fronts", plan.judged_tables(at), plan.methods(at), True
        ),
        lock=lock,
        methods=lambda at: plan.definitions(plan.methods(at)),
        seeds=format_seeds(study.seeds),
        method_seeds=lambda at: as_json(plan.fewer_seeds(at)),
        settings=settings(),
        statistics=statistics,
        costs=each_of("--costs", "costs"),
        names=lambda at: named("--cost", plan.costs(at)),
        quantiles=named("--quantile", study.costs.quantiles),
        fronts=lambda wildcards, output: named("--fronts", output[:3]),
        limits=lambda wildcards, output: named("--limits", output[3:6]),
        figure=lambda wildcards, output: named("--figure", output[6:9]),
    message:
        "metric against cost on {wildcards.space}/{wildcards.dataset},"
        " protocol {wildcards.protocol}"
    shell:
        "ednag --record {output.record:q} {params.methods:q}"
        " fronts {input.runs:q} --table {input.table:q} {params.costs:q}"
        " {params.names:q} {params.quantiles:q} --protocol {wildcards.protocol:q}"
        " --seeds {params.seeds:q} --method-seeds {params.method_seeds:q}"
        " --settings {params.settings:q} --statistics {params.statistics:q}"
        " {params.fronts:q} {params.limits:q} {params.figure:q} 2> {log:q}"


rule numbers:
    input:
        [plan.files(name) for name in ("own_end", "equal_budget", "over_datasets")],
    output:
        **made("numbers"),
    log:
        logs("numbers"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("numbers"),
        lock=lock,
    message:
        "numbers that a manuscript may cite"
    shell:
        "ednag --record {output.record:q}"
        " numbers {input:q} --macros {output.numbers_tex:q} --data {output.numbers_json:q} 2> {log:q}"
