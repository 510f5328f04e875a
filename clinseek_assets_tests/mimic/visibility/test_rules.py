"""The rules as data: nothing is served without one, and no row is known before the time that orders it."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import DECISION_SUBTASKS, RISK_SUBTASKS, SUBTASKS
from clinseek_assets.mimic.catalogue import CATALOGUES, MIMIC_IV, PATIENT_TABLES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.mimic.visibility.document import document
from clinseek_assets.mimic.visibility.moments import At, FirstOf, FromNumber, Of, OnlyFor, Parent, Where, others
from clinseek_assets.mimic.visibility.policies import POLICIES
from clinseek_assets.mimic.visibility.rules import RULES, SIBLINGS, embargoed
from clinseek_assets.records.database_schema import column_names

DOCUMENT = Path(__file__).parents[3] / "docs" / "time_policy.md"


def columns_named(moment) -> list[tuple[str | None, str]]:
    """(another table or None, column) of everything that a moment looks at."""
    match moment:
        case At():
            return [(None, moment.column)]
        case Of():
            return [(moment.table, moment.column), (moment.table, moment.their_id), (None, moment.our_id)]
        case Parent():
            return [(moment.table, moment.id), (None, moment.id)]
        case Where():
            return [(None, moment.column), *columns_named(moment.filled), *columns_named(moment.empty)]
        case OnlyFor():
            return [(None, moment.column), *columns_named(moment.moment)]
        case FromNumber():
            return [(None, moment.column), *columns_named(moment.reached), *columns_named(moment.below)]
    return [named for one in getattr(moment, "moments", ()) for named in columns_named(one)]


OF_ALL = [(CATALOGUES[dataset], rule) for dataset, policy in POLICIES.items() for rule in policy.rules.values()]
IDS = [f"{catalogue.dataset}-{rule.table}" for catalogue, rule in OF_ALL]


def test_there_is_a_rule_for_each_table_in_the_catalogue_s_order():
    for dataset, catalogue in CATALOGUES.items():
        assert list(POLICIES[dataset].rules) == list(catalogue.patient_tables)


@pytest.mark.parametrize(("catalogue", "rule"), OF_ALL, ids=IDS)
def test_every_column_of_a_database_has_exactly_one_rule(catalogue, rule):
    named = [*rule.with_row, *(name for settled in rule.settled for name in settled.columns), *rule.not_served]
    assert sorted(named) == sorted(column_names(catalogue.patient_tables[rule.table], catalogue))
    assert set(rule.planned) <= set(rule.with_row)


@pytest.mark.parametrize(("catalogue", "rule"), OF_ALL, ids=IDS)
def test_every_rule_has_its_reason_and_names_what_is_there(catalogue, rule):
    moments = [rule.row, *(settled.known for settled in rule.settled), *([rule.order] if rule.order else [])]
    for table, column in (named for moment in moments for named in columns_named(moment)):
        assert column in catalogue.patient_tables[table or rule.table].column_names
    assert all([rule.why, *(settled.why for settled in rule.settled), *(why for _, why in rule.never)])


@pytest.mark.parametrize(("catalogue", "rule"), OF_ALL, ids=IDS)
def test_a_visible_column_of_times_is_one_that_the_row_s_rule_looks_at_or_is_named_as_a_plan(catalogue, rule):
    """A time that nothing bounds could lie after the moment: each is in its row's rule, settled later, or a plan."""
    bounded = {column for table, column in columns_named(rule.row) if table is None}
    times = {
        column.name
        for column in catalogue.patient_tables[rule.table].columns
        if column.type in (ColumnType.DATETIME, ColumnType.DATE) and column.name in rule.with_row
    }
    unbounded = times - bounded - set(rule.planned)
    # Before admittime; of a result that is stored; times of a bill that comes after the last event; a birth.
    excused = {
        "cost": {"chargetime"},
        "diagnoses_icd": {"charttime"},
        "patients": {"dob"},
        "admissions": {"edregtime"},
        "labevents": {"charttime"},
        "microbiologyevents": {"chartdate", "charttime"},
        "procedures_icd": {"chartdate", "charttime"},
        "hcpcsevents": {"chartdate"},
    }
    assert unbounded <= excused.get(rule.table, set())


def test_the_event_time_of_the_embargo_is_the_catalogue_s():
    for catalogue, rule in OF_ALL:
        event_time = catalogue.patient_tables[rule.table].event_time
        if event_time is not None:
            first = rule.order.moments[0] if isinstance(rule.order, FirstOf) else rule.order
            assert first == At(event_time)


def test_risks_hide_nothing_and_decisions_their_target_with_its_siblings():
    assert all(embargoed(SUBTASKS[name]) == frozenset() for name in RISK_SUBTASKS)
    assert all(
        SUBTASKS[name].trigger in embargoed(SUBTASKS[name]) for name in DECISION_SUBTASKS if name != "next_event"
    )
    assert embargoed(SUBTASKS["prescriptions_atc"]) == {"prescriptions", "pharmacy"}
    assert embargoed(SUBTASKS["services"]) == {"transfers", "icustays", "services"}
    assert embargoed(SUBTASKS["labevents"]) == {"labevents"}
    assert embargoed(SUBTASKS["next_event"]) == set(PATIENT_TABLES)
    assert sum(map(len, SIBLINGS)) == len(frozenset().union(*SIBLINGS)), "a table has one group"


def test_no_question_of_the_multimodal_split_asks_which_row_comes_next():
    for dataset in ("ehrxqa", "medmod"):
        assert {POLICIES[dataset].embargoed(group) for group in GROUPS} == {frozenset()}
    assert POLICIES[MIMIC_IV.dataset].embargoed("labevents") == {"labevents"}


def test_what_a_rule_reads_elsewhere():
    assert others(RULES["prescriptions"].row) == {"pharmacy", "poe"}
    assert others(RULES["labevents"].row) == frozenset()
    assert others(POLICIES["medmod"].rules["events"].row) == frozenset()


def test_the_document_is_current():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), (
        "run: python -m clinseek_assets.mimic.visibility.document > docs/time_policy.md"
    )
