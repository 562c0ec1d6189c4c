# The study itself: what the audit holds the results against.
rule study:
    output:
        **made("study"),
    log:
        logs("study"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=plan.code("config write", plan.searched, plan.all_methods, spaces=True),
        lock=lock,
        study=declared(plan),
        files=named(
            "--file",
            [os.path.relpath(file, called) for file in study_files if not is_module],
        ),
    message:
        "writing the study with every key"
    shell:
        "ednag --record {output.record:q} config write --study {params.study:q} {params.files:q}"
        " --output {output.study:q} 2> {log:q}"


# Last of all: whether every number of the study leads back to checksummed bytes.


rule audit:
    input:
        files=plan.targets(audited=True),
        records=plan.records,
    output:
        **made("audit"),
        # `sound` removes it first, so that an audit that found faults runs again.
        pending=temp("results/provenance/audit-pending"),
    log:
        logs("audit"),
    conda:
        "../envs/ednag.yaml"
    params:
        targets=plan.audited(),
        code=code_digest("audit"),
    message:
        "auditing every number down to its sources"
    shell:
        "ednag --record {output.record:q}"
        " audit {params.targets:q} --json {output.audit_json:q} --report {output.audit_md:q}"
        " --exit-zero > {log:q} 2>&1 && touch {output.pending:q}"


rule chains:
    input:
        tables=[each.path() for each in SPACE_TABLES],
        records=plan.chain_records,
    output:
        **made("chains"),
    log:
        logs("chains"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("chains"),
    message:
        "chains of the tables of {wildcards.space}"
    shell:
        "ednag --record {output.record:q}"
        " chains {input.tables:q} --title 'Tables of {wildcards.space}'"
        " --output {output.chains:q} 2> {log:q}"


rule pages:
    input:
        shown=plan.shown(),
        beside=plan.shown_beside(),
        verdicts=plan.files("verdicts", suffix="json"),
        findings=plan.files("findings"),
        audit=plan.files("audit"),
        chains=plan.files("chains"),
        records=plan.records,
    output:
        pages=directory(path("pages")),
        record=record_path("pages"),
    log:
        logs("pages"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("report"),
        captions=captions_digest(),
        lock=lock,
        methods=lambda at: plan.definitions(plan.methods_run),
        title=study.title,
        study=lambda at: json.dumps(described(plan)),
        verdicts=each_of("--verdicts", "verdicts"),
        chains=each_of("--chains", "chains"),
    message:
        "pages to read in a browser: results/report/index.html"
    shell:
        "ednag --record {output.record:q} {params.methods:q}"
        " report {input.shown:q} {params.verdicts:q} --title {params.title:q}"
        " --findings {input.findings:q} --audit {input.audit:q} {params.chains:q}"
        " --study {params.study:q} --output {output.pages:q} 2> {log:q}"


# Faults make the workflow fail only here, after the audit's pages and the report were made.
rule sound:
    input:
        audit=path("audit"),
        pending="results/provenance/audit-pending",
        report=path("pages"),
    output:
        touch("results/provenance/sound"),
    log:
        "logs/sound.log",
    conda:
        "../envs/ednag.yaml"
    message:
        "checking that the audit found no fault"
    shell:
        "rm -f {input.pending:q} && ednag audit --found {input.audit:q} 2> {log:q}"
