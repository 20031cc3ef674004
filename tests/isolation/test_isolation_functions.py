"""On a real server: functions, fallbacks, writes, SQL that is put together, refusals, and views over views."""

import pytest
from clean_schemas import PLAIN
from faulty_objects import policy
from function_objects import CLEAN, FAULTY, USERS
from guard_objects import CLEAN as CLEAN_GUARDS
from guard_objects import FAULTY as FAULTY_GUARDS
from text_objects import CLEAN as CLEAN_TEXTS
from text_objects import FAULTY as FAULTY_TEXTS

from ddms_ops.findings import Severity

ALL_FAULTY, ALL_CLEAN = {**FAULTY, **FAULTY_TEXTS, **FAULTY_GUARDS}, {**CLEAN, **CLEAN_TEXTS, **CLEAN_GUARDS}


@pytest.mark.parametrize("name", ALL_FAULTY)
def test_each_fault_behind_a_function_is_found(judge, name: str):
    """With its object, and nothing else is."""
    sql, expected = ALL_FAULTY[name]
    assert {(fault.rule, fault.object) for fault in judge(PLAIN, USERS, sql)} == expected


@pytest.mark.parametrize("name", ALL_CLEAN)
def test_nothing_is_found_in_its_clean_like(judge, name: str):
    """However it is spelled."""
    assert judge(PLAIN, USERS, ALL_CLEAN[name]) == []


def test_the_empty_text_is_a_hint_only(judge):
    """For '' matches no tenant's rows."""
    [fault] = judge(PLAIN, policy("USING (tenant_id = current_setting('app.tenant_id', true))"))
    assert (fault.rule, fault.severity) == ("G2", Severity.INFO)
