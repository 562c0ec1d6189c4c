"""A study in words."""

from collections.abc import Iterable, Sequence

from ednag.study.benchmarks import Missing
from ednag.study.configuration import Study, method_of, methods_on, seeds_of
from ednag.study.seeds import format_seeds


def described(
    study: Study, searched: Sequence[tuple[str, str]], lacking: Iterable[Missing]
) -> dict[str, str]:
    """What was run: search space -> datasets, methods, seeds, protocols, budget, arithmetic.

    Args:
        study: The study.
        searched: (space, dataset) that are really searched.
        lacking: Benchmarks that are not, for want of data.
    """
    datasets: dict[str, list[str]] = {}
    for space, dataset in searched:
        datasets.setdefault(space, []).append(dataset)
    methods = dict.fromkeys(name for place in searched for name in methods_on(study, *place))
    fewer = {
        f"seeds of {name}": format_seeds(seeds_of(study, name))
        for name in methods
        if seeds_of(study, name) != study.seeds
    }
    needing = [f"{each.space}/{each.dataset}" for each in lacking]
    return {
        **{space: ", ".join(names) for space, names in datasets.items()},
        "methods": ", ".join(method_of(study, name).title for name in methods),
        "seeds": format_seeds(study.seeds),
        **fewer,
        "protocols": ", ".join(study.protocols),
        "budget": f"{study.budget} distinct evaluations",
        "arithmetic": f"{study.arithmetic} (whose last bits EDNAG's searches reproduce)",
        **({"needs data": ", ".join(needing)} if needing else {}),
    }
