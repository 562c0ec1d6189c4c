"""What the table of the meta-predictor says, in sentences with computed numbers.

Apart from the table, so that the page of findings does not import what computes it.
"""

from collections.abc import Sequence

import pandas as pd

from ednag.evidence.writing import interval_text, rounded

#: In the column `task`.
ALL_TASKS = "mean over tasks"
#: Columns of judged cells that rank them -> title. The last is held against the first half of the
#: trainings, all others against their mean.
PREDICTOR = "predicted"
SCORES = {
    PREDICTOR: "Meta-predictor",
    "flops": "FLOPs alone",
    "reference": "Mean accuracy on training tasks",
    "operations": "Ridge on operations",
    "second": "Another training of the cell",
}
#: Scores that the predictor competes with.
PLAIN = ("flops", "reference", "operations")
#: Coefficient whose differences are reported, as a search needs the order alone.
ORDER = "spearman"
#: Sentences on the predictor and plain scores. A test ensures that they have no digits.
SENTENCES = {
    "better": "The predictor orders unseen cells of unseen tasks better than {scores}.",
    "worse": "The predictor orders unseen cells of unseen tasks worse than {scores}.",
    "undecided": "That the predictor orders unseen cells of unseen tasks better or worse than "
    "{scores} cannot be told here: the interval of the difference holds zero.",
    "score": "{title} (Spearman {theirs}, the predictor {ours}, difference {gain} {interval})",
    "useless": "**The predictor is not shown to beat FLOPs alone, which need no training and no "
    "images.**",
    "useful": "The predictor beats FLOPs alone, which need no training and no images.",
    "ceiling": "Two trainings of a cell that differ by the seed alone agree by {ceiling:.2f}.",
}


def sentences_on(table: pd.DataFrame) -> list[str]:
    """What a table of `ednag.evidence.predictions.quality_table` says, by its numbers."""
    of_all = table[table["task"] == ALL_TASKS].set_index("score")
    rows = of_all[[ORDER, "gain", "gain_low", "gain_high"]].astype(float)
    ours = float(rows[ORDER][PREDICTOR])
    sides: dict[str, list[str]] = {"better": [], "worse": [], "undecided": []}
    for name in PLAIN:
        row = rows.loc[name].to_dict()
        side = "better" if row["gain_low"] > 0 else "worse" if row["gain_high"] < 0 else "undecided"
        text = SENTENCES["score"].format(
            title=_lowered(SCORES[name]),
            theirs=rounded(row[ORDER]),
            ours=rounded(ours),
            gain=rounded(row["gain"]),
            interval=interval_text(row["gain_low"], row["gain_high"]),
        )
        sides[side].append(text)
    useful = rows["gain_low"]["flops"] > 0
    said = [SENTENCES["useful" if useful else "useless"]]
    for side, parts in sides.items():
        if parts:
            said.append(SENTENCES[side].format(scores=_listed(parts)))
    ceiling = float(rows[ORDER]["second"])
    return said + ([] if pd.isna(ceiling) else [SENTENCES["ceiling"].format(ceiling=ceiling)])


def _lowered(title: str) -> str:
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
