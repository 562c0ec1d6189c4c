"""The pages as Jinja templates. Everything that is filled in is escaped."""

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} - ednag</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css"></head><body>
<header><nav aria-label="Pages">
{% for file, name in pages -%}
<a href="{{ file }}"{% if file == part %} aria-current="page"{% endif %}>{{ name }}</a>
{% endfor %}</nav></header>
<main><h1>{{ title }}</h1>
{% block body %}{% endblock %}
</main><script src="script.js"></script></body></html>
"""

GRID = """
{% macro grid(id, head, numeric, rows) -%}
<div class="tools"><label>Show rows with <input type="search" data-filters="{{ id }}"></label>
<span class="small" id="{{ id }}-count" role="status"></span>
<span class="small">A click on a heading sorts.</span></div>
<div class="wide" tabindex="0" role="region" aria-label="Table"><table class="sortable" id="{{ id }}">
<thead><tr>{% for name in head %}<th scope="col"{% if numeric[loop.index0] %} class="number"{% endif %}>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows -%}
<tr>{% for cell in row %}<td{% if numeric[loop.index0] %} class="number"{% elif cell|string|length > 40 %} class="words"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{% endfor -%}
</tbody></table></div>
{%- endmacro %}
{% macro picture(figure) -%}
<figure><a href="{{ link(figure.file("png")) }}"><img loading="lazy" src="{{ link(figure.file("png")) }}" alt="{{ figure.group }}: {{ figure.title }}"></a>
<figcaption>{{ figure.title }}: <a href="{{ link(figure.path) }}">CSV</a>, <a href="{{ link(figure.file("pdf")) }}">PDF</a></figcaption></figure>
{%- endmacro %}
"""

INDEX = """{% extends "page" %}{% from "grid" import picture with context %}{% block body %}
<p>{{ introduction }}</p>
<p class="state{{ "" if audit.sound else " broken" }}"><strong>Audit: {{ "sound" if audit.sound else "unsound" }}.</strong> {{ audit.verdict }}. <a href="sources.html">Sources, faults, notes</a></p>
<h2>Do the claims hold?</h2>
<ul class="tiles">{% for verdict, count in counts.items() %}
<li><a href="verdicts.html#verdict={{ verdict|urlencode }}"><strong>{{ count }}</strong>{{ verdict }}</a></li>{% endfor %}</ul>
<h2>What was run</h2>
<dl class="facts">{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
<h2>Key figures</h2>
<div class="figures">{% for figure in figures %}{{ picture(figure) }}{% endfor %}</div>
{% endblock %}"""

TABLES = """{% extends "page" %}{% block body %}
<p>Each table as people read it, sortable, with its CSV in full precision, and the chains of its numbers down to checksummed bytes.</p>
{% for kind, group in kinds %}<h2>{{ kind }}</h2>
<ul>{% for table in group %}<li><a href="table-{{ table.stem }}.html">{{ table.subject }}</a> <span class="small">{{ table.rows|length }} rows</span></li>{% endfor %}</ul>
{% endfor %}{% endblock %}"""

TABLE = """{% extends "page" %}{% from "grid" import grid %}{% block body %}
<p>Files: <a href="{{ link(table.path) }}">CSV in full precision</a>. Where it comes from:
{% if record %}<a href="{{ link(record) }}">the record of the job that made it</a>, and{% endif %} <code>ednag trace {{ table.path }}</code>.
{% if table.chains %}Every row leads to the chain of its numbers.{% endif %}</p>
{{ grid("table", head, numeric, rows) }}
<p class="note">{{ table.note }}</p>
{% endblock %}"""

FIGURES = """{% extends "page" %}{% from "grid" import picture with context %}{% block body %}
<p>{% for group, figures in groups %}<a href="figures-{{ group }}.html"{% if group == shown %} aria-current="page"{% endif %}>{{ names[group] }}</a> ({{ figures|length }}){% if not loop.last %}, {% endif %}{% endfor %}</p>
<div class="figures">{% for figure in pictures %}{{ picture(figure) }}
{% endfor %}</div>{% endblock %}"""

VERDICTS = """{% extends "page" %}{% from "grid" import grid %}{% block body %}
<p>{{ total }} claims of the papers and of the audit of their code, each tested by the rule it names, against seeds {{ seeds }}. The rules stand in <a href="{{ link(page) }}">the page as text</a>; <a href="{{ link(data) }}">the same as JSON</a>.</p>
<div class="tools"><label>Show <select data-chooses="verdicts"><option value="">all claims</option>{% for verdict, count in counts.items() %}<option value="{{ verdict }}">{{ verdict }} ({{ count }})</option>{% endfor %}</select></label></div>
{{ grid("verdicts", head, numeric, rows) }}
{% endblock %}"""

TEXT = """{% extends "page" %}{% block body %}{{ text }}{% endblock %}"""

SOURCES = """{% extends "page" %}{% from "grid" import grid %}{% block body %}
<p class="state{{ "" if audit.sound else " broken" }}">{{ audit.verdict }}. Checked by <code>ednag audit</code>; <a href="{{ link(page) }}">its page</a>.</p>
<p>Chains of every number, by search space: {% for path, name in chains %}<a href="{{ link(path) }}">{{ name }}</a>{% if not loop.last %}, {% endif %}{% endfor %}.</p>
<h2>Faults</h2>
{% if audit.faults %}<ul>{% for fault in audit.faults %}<li>{{ fault.explanation }}</li>{% endfor %}</ul>{% else %}<p>None.</p>{% endif %}
{% if audit.notes %}<h2>Notes</h2><ul>{% for note in audit.notes %}<li>{{ note.explanation }}</li>{% endfor %}</ul>{% endif %}
<h2>Source files</h2>
{{ grid("sources", head, numeric, rows) }}
{% endblock %}"""

ENVIRONMENT = """{% extends "page" %}{% from "grid" import grid %}{% block body %}
<p>By the run records of all jobs. A package that stands in no column "used" was installed, but no job imported it.</p>
<dl class="facts">{% for name, value in facts %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
<p>{{ differing }} packages differ from the lock (<code>envs/requirements.lock</code>).</p>
{{ grid("packages", head, numeric, rows) }}
{% endblock %}"""

ALL = {
    "page": PAGE,
    "grid": GRID,
    "index": INDEX,
    "tables": TABLES,
    "table": TABLE,
    "figures": FIGURES,
    "verdicts": VERDICTS,
    "text": TEXT,
    "sources": SOURCES,
    "environment": ENVIRONMENT,
}
