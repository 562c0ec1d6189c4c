"""Spaces and tables of the user's by the names that a process is told."""

import json
import os

import pytest

from ednag.errors import EdnagError
from ednag.own_code import (
    BENCHMARKS_VARIABLE,
    declare_benchmarks,
    declared_benchmarks,
    own_spaces,
    own_tables,
)
from ednag.spaces import SPACES, get_space, is_space, space_names
from ednag.tables import get_definition, is_table
from tests.docs.pages import DOCS


@pytest.fixture(autouse=True)
def nothing_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BENCHMARKS_VARIABLE, "")
    monkeypatch.setenv("EDNAG_CODE", str(DOCS / "example-package" / "chains"))


@pytest.mark.parametrize(
    "text",
    ["[]", "1", '{"spaces": []}', '{"spaces": {"a": "b:C"}, "others": {}}', '{"tables": {"a": 1}}'],
)
def test_a_variable_that_says_something_else_is_one_line(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BENCHMARKS_VARIABLE, text)
    with pytest.raises(EdnagError, match=r"^EDNAG_BENCHMARKS") as raised:
        is_space("chain")
    assert "\n" not in str(raised.value)
    assert is_space("nasbench201") and get_space("nasbench201").size == 15_625


def test_what_is_no_json_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BENCHMARKS_VARIABLE, "{")
    with pytest.raises(EdnagError, match=r"^EDNAG_BENCHMARKS: not valid JSON: "):
        own_spaces()


def test_names_add_up_and_are_known_in_processes_that_are_started() -> None:
    declare_benchmarks({}, {})
    assert os.environ[BENCHMARKS_VARIABLE] == ""
    declare_benchmarks({"chain": "chain:Chain"}, {"chain": {"mine": "my_chains:TABLE"}})
    declare_benchmarks({}, {"chain": {"other": "a:B"}, "nasbench201": {"mine": "c:D"}})
    assert json.loads(os.environ[BENCHMARKS_VARIABLE]) == declared_benchmarks()
    assert space_names() == (*SPACES, "chain")
    assert own_tables("chain") == {"mine": "my_chains:TABLE", "other": "a:B"}
    assert is_table("nasbench201", "mine") and not is_table("nasbench201", "other")


def test_a_name_leads_to_the_object_that_it_names_now() -> None:
    declare_benchmarks({"chain": "chain:Chain"}, {"chain": {"mine": "my_chains:TABLE"}})
    assert get_space("chain") is get_space("chain")
    assert get_definition("chain", "mine").title == "My dataset"
    declare_benchmarks({"chain": "no_such_chain:Chain"}, {})
    with pytest.raises(EdnagError, match="there is no module 'no_such_chain' in "):
        get_space("chain")
