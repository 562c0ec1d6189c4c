"""A study in words."""

from ednag.study.configuration import method_of
from ednag.study.plan import Plan
from ednag.study.seeds import format_seeds


def described(plan: Plan) -> dict[str, str]:
    """What was run: search space -> datasets, methods, seeds, protocols, budget, arithmetic."""
    study = plan.study
    datasets: dict[str, list[str]] = {}
    for space, dataset in plan.searched:
        datasets.setdefault(space, []).append(dataset)
    missing = [f"{each.space}/{each.dataset}" for each in plan.lacking]
    return {
        **{space: ", ".join(names) for space, names in datasets.items()},
        "methods": ", ".join(method_of(study, name).title for name in plan.methods_run),
        "seeds": format_seeds(study.seeds),
        **{f"seeds of {name}": seeds for name, seeds in plan.fewer_seeds().items()},
        "protocols": ", ".join(study.protocols),
        "budget": f"{study.budget} {study.count}",
        "arithmetic": f"{study.arithmetic} (whose last bits EDNAG's searches reproduce)",
        **({"needs data": ", ".join(missing)} if missing else {}),
    }
