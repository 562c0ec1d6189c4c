"""`python -m ednag.search.compiled`: compile the engine now, so that no job of a study has to."""

import numpy as np

from ednag.search.compiled import search
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.tables.interface import BenchmarkTable, Metric, Protocol

space = get_space("nasbench201")
values = np.linspace(1, 2, space.size)
table = BenchmarkTable(
    space.name, "made-up", {"value": values}, {"value": Metric("value", "", "made up")}
)
search(Objective(table, Protocol("value", "value", "made up"), space), 0, SearchHyperparameters())
