"""From runs to evidence: summaries, statistics, tables, figures."""
