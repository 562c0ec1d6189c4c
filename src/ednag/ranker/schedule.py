"""The learning rate: rises for some steps, then falls with the root of the step.

Source: specification nar.md, section Ranker.
"""


def learning_rate(step: int, *, factor: float, model: int, warm: int) -> float:
    """factor * model^-0.5 * min(step^-0.5, step * warm^-1.5).

    Args:
        step: Optimiser's step, from 1.
        factor: Scales the whole schedule.
        model: Width of the ranker (d).
        warm: Steps until the rate is highest, at least 1.
    """
    return float(factor * model**-0.5 * min(step**-0.5, step * warm**-1.5))
