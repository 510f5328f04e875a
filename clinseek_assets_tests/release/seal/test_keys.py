"""A seal opens to who has a whole table or a group of whole records of it, and not to who knows salt and ids alone."""

import dataclasses

import pytest

from clinseek_assets.release.seal.canonical import of_value
from clinseek_assets.release.seal.keys import NOT_THERE, key_of, proof_of, tokens_of
from clinseek_assets.release.seal.locks import LEAST_PATIENTS, LEAST_RECORDS, groups_of, hidings_of, locks_of, opened
from clinseek_assets.release.seal.parts import NOTHING, Part

SALT = b"\1" * 16
PATIENTS = tuple(range(10_000_000, 10_000_040))
QIDS = [f"q{patient}" for patient in PATIENTS]


def of_patients(name, filled=40, *, patients=PATIENTS):
    """A table of the records in which the first patients have rows."""
    rows = [of_value([name, place] if place < filled else [name]) for place, _ in enumerate(patients)]
    return Part(f"records/{name}", "text", (), tuple(rows), patients=tuple(patients))


@pytest.fixture
def parts():
    manifest = Part("manifest", "text", (), tuple(map(of_value, PATIENTS)))
    return [manifest, of_patients("labevents"), of_patients("omr"), of_patients("rare", 3)]


def changed(part, *places):
    contents = [of_value("another") if place in places else content for place, content in enumerate(part.contents)]
    return dataclasses.replace(part, contents=tuple(contents))


class Sealed:
    def __init__(self, parts):
        self.key, self.groups = key_of(SALT, parts), groups_of(parts)
        self.locks = locks_of(self.key, SALT, hidings_of(parts, self.groups), lambda done, total: None)

    def opened_by(self, parts, salt=SALT):
        return opened(self.locks, proof_of(self.key), salt, hidings_of(parts, self.groups)) == self.key


def test_the_key_is_of_the_salt_and_of_every_content(parts):
    key = key_of(SALT, parts)
    assert key == key_of(SALT, list(parts))
    assert key != key_of(b"\2" * 16, parts)
    for place, part in enumerate(parts):
        assert key != key_of(SALT, [*parts[:place], changed(part, 7), *parts[place + 1 :]])


def test_one_table_or_one_group_of_records_that_is_whole_opens_a_seal(parts):
    sealed = Sealed(parts)
    assert set(sealed.locks) == {"records/labevents", "records/omr", *(f"records, group {n}" for n in (1, 2, 3))}
    manifest, labevents, omr, rare = parts
    everyone = range(len(PATIENTS))
    assert sealed.opened_by([manifest, changed(labevents, *everyone), omr, rare])
    one_patient = [manifest, *(changed(part, 5) for part in (labevents, omr, rare))]
    assert sealed.opened_by(one_patient)
    assert not sealed.opened_by([manifest, *(changed(part, *everyone) for part in (labevents, omr, rare))])
    assert not sealed.opened_by(one_patient, salt=b"\2" * 16)


def test_a_patient_who_is_lacking_and_another_order_of_questions_leave_the_locks(parts):
    sealed = Sealed(parts)
    without = [
        of_patients(name, filled, patients=PATIENTS[:-1])
        for name, filled in (("labevents", 39), ("omr", 39), ("rare", 3))
    ]
    assert sealed.opened_by(without)
    turned = [dataclasses.replace(p, contents=p.contents[::-1], patients=p.patients[::-1]) for p in parts[1:]]
    assert set(hidings_of(turned, sealed.groups)) == set(hidings_of(parts, sealed.groups))


@pytest.mark.parametrize("filled", [LEAST_PATIENTS - 1, LEAST_PATIENTS])
def test_a_table_of_few_patients_locks_nothing_whatever_stands_beside_them(filled):
    rare = of_patients("rare", filled)
    others = dataclasses.replace(rare, contents=(*rare.contents, NOTHING, None), patients=(*rare.patients, 1, 2))
    for part in (rare, others):
        assert ("records/rare" in {hiding.name for hiding in hidings_of([part], {})}) is (filled == LEAST_PATIENTS)


@pytest.mark.parametrize("patients", [LEAST_RECORDS - 1, LEAST_RECORDS])
def test_a_group_of_few_records_locks_nothing(patients):
    part = of_patients("labevents", patients=PATIENTS[:patients])
    assert len(list(hidings_of([part], groups_of([part])))) == (patients == LEAST_RECORDS)


def test_what_may_be_public_locks_nothing(parts):
    assert not list(hidings_of([dataclasses.replace(part, patients=()) for part in parts], {}))


def test_a_guess_cannot_be_tested_with_the_salt_alone(parts):
    """The token of a known content differs from seal to seal by what else is sealed, under one salt."""
    rare = parts[3]
    one = tokens_of(key_of(SALT, parts), rare, QIDS)
    other = tokens_of(key_of(SALT, [parts[0], changed(parts[1], 0), *parts[2:]]), rare, QIDS)
    assert not set(one) & set(other)


def test_equal_contents_have_different_tokens(parts):
    rare = parts[3]  # 37 of its tables are empty, and nobody can see which
    tokens = tokens_of(key_of(SALT, parts), rare, QIDS)
    assert len(set(tokens)) == len(tokens)


def test_what_is_not_there_is_never_the_same(parts):
    lacking = dataclasses.replace(parts[1], contents=(None, *parts[1].contents[1:]))
    assert tokens_of(b"key", lacking, QIDS)[0] == NOT_THERE
