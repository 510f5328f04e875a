"""Whatever is changed is named: the artifact, the questions that it belongs to, the source table behind it."""

import json

import pytest

from clinseek_assets.release.seal.seal_file import SealFault, read_seal, write_seal
from clinseek_assets_tests.release.a_release import a_picture
from clinseek_assets_tests.release.built import build, settings_of
from clinseek_assets_tests.release.seal.a_sealed_release import (
    QUESTIONS,
    SPLITS,
    rebuilt,
    sealed,
    tables,
    told,
    verified,
)

LABS, NOTES = "mimic_iv/hosp/labevents", "mimic_iv/note/discharge"
ALL = QUESTIONS + 7


def test_what_is_the_same_is_identical(original, seal):
    verdict = verified(original, seal)
    assert verdict.ok and (verdict.identical, verdict.questions) == (ALL, ALL)
    assert verdict.shared == verdict.shared_identical > 20


@pytest.mark.parametrize("cell", ["2.5000000001", ""])
def test_a_changed_cell_of_a_source_row_is_named_by_all_questions_of_its_patient(bed, seal, cell):
    rows = tables()
    rows["labevents"][-1]["valuenum"] = cell  # of the last patient, who is asked about twice
    verdict = verified(rebuilt(bed.root, rows), seal)
    assert told(verdict) == {"text_patient_databases/labevents": ((QUESTIONS - 1, QUESTIONS), (LABS,))}
    assert (verdict.identical, verdict.questions) == (ALL - 2, ALL)


def test_a_row_more_and_a_row_less_are_named(bed, seal):
    rows = tables()
    rows["labevents"].append({**rows["labevents"][0], "labevent_id": "77"})
    del rows["discharge"][1]
    verdict = verified(rebuilt(bed.root, rows), seal)
    assert told(verdict) == {
        "text_patient_databases/labevents": ((1,), (LABS,)),
        "text_patient_databases/discharge": ((2,), (NOTES,)),
        "text_patient_databases/admissions.text": ((2,), (NOTES,)),
    }


def test_a_label_in_a_dictionary_is_named_with_what_is_made_of_it(bed, seal):
    rows = bed.root / "sources" / "mimic_iv" / "hosp" / "d_labitems.csv"
    bed.replace(rows, rows.read_bytes().replace(b"Free Calcium", b"Ionised Calcium"))
    build(settings_of(bed.root))
    verdict = verified(bed.root, seal)
    upstream = "mimic_iv/hosp/d_labitems"
    assert told(verdict) == {
        "reference_tables/d_labitems": ((), (upstream,)),
        "candidate_tables/labevents_candidates": ((), (upstream,)),
        "medmod_reference_tables/items": ((), ("mimic_iv/icu/d_items", upstream)),
    }
    assert verdict.identical == ALL and not verdict.ok


def test_an_image_and_a_report_are_named_by_every_question_that_links_them(bed, seal):
    question = bed.of_task("multimodal", "ehrxqa")
    bed.alter_image(question, a_picture(99, (64, 80)))
    bed.alter_report(question, lambda content: content + b"Addendum.")
    assert told(verified(bed.root, seal)) == {
        "image_links": ((1, 2), ("mimic_cxr_jpg/files",)),
        "report_links": ((1, 2), ("mimic_cxr/mimic-cxr-reports",)),
    }


def test_line_ends_of_a_report_do_not_count(bed, seal):
    bed.alter_report(bed.of_task("multimodal", "ehrxqa"), lambda content: content.replace(b"\n", b"\r\n"))
    assert verified(bed.root, seal).ok


def test_the_time_of_a_study_is_named(bed, seal):
    path = bed.layout.links("image_links", "phenotype")
    with bed.frame(path) as links:
        links["study_time"] = links["study_time"].fillna("2150-06-03 14:00:00")
    assert [one.artifact for one in verified(bed.root, seal).differences] == ["image_links/study_time"]


def test_a_context_is_named_and_led_back_to_what_it_is_given_by(bed, seal):
    for place, arm in ((3, "curated"), (4, "curated_strict")):
        with bed.frame(bed.layout.contexts("text", arm, "radiology")) as contexts:
            contexts.loc[place, ["context", "context_sha256"]] = "Another evidence."
            contexts.loc[9, ["context", "context_sha256"]] = None
    given = ("text_manifest", "ehr_bench")
    assert told(verified(bed.root, seal)) == {
        "text_contexts": ((4, 10), given),
        "text_strict_contexts": ((5, 10), given),
    }


def test_a_context_that_differs_with_its_record_is_led_back_to_the_records_table(bed, seal):
    question = bed.of_task("text", "radiology", 3)
    with bed.sql(bed.database(question)) as database:
        database.execute("UPDATE labevents SET valuenum = 9 WHERE rowid = (SELECT min(rowid) FROM labevents)")
    with bed.frame(bed.layout.contexts("text", "curated", "radiology")) as contexts:
        contexts.loc[3, "context"] = "9"
    assert told(verified(bed.root, seal)) == {
        "text_patient_databases/labevents": ((4,), (LABS,)),
        "text_contexts": ((4,), (LABS,)),
    }


CHANGES = (
    "UPDATE labevents SET valueuom = '' WHERE valueuom IS NOT NULL",
    "UPDATE labevents SET valuenum = NULL",
    "UPDATE labevents SET itemid = 'seven'",
    "UPDATE labevents SET charttime = charttime || '.5'",
    "DELETE FROM labevents",
    "ALTER TABLE labevents RENAME COLUMN comments TO remarks",
)


def test_every_kind_of_change_of_a_databases_table_is_named(bed, seal):
    for question, statement in zip(bed.questions["text"], CHANGES, strict=False):
        with bed.sql(bed.database(question)) as database:
            database.execute(statement)
    assert told(verified(bed.root, seal)) == {"text_patient_databases/labevents": ((1, 2, 3, 4, 5, 6), (LABS,))}


def test_what_is_no_content_of_a_database_does_not_count(bed, seal):
    with bed.sql(bed.database(bed.of_task("text", "radiology", 6))) as database:
        indexes = database.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'labevents_by%'").fetchall()
        database.execute(f"DROP INDEX {indexes[0][0]}")
        database.execute("PRAGMA user_version = 7")
        database.execute("PRAGMA page_size = 4096")
        database.commit()
        database.execute("VACUUM")
    assert verified(bed.root, seal).ok


@pytest.mark.parametrize("damage", ["missing", "cut", "a table more"])
def test_a_database_that_cannot_be_taken_differs_in_all_of_its_tables(bed, seal, damage):
    path = bed.database(bed.of_task("text", "radiology", 6))
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        bed.cut(path)
    else:
        with bed.sql(path) as database:
            database.execute("CREATE TABLE labels (gold TEXT)")
    verdict = verified(bed.root, seal)
    assert {one.rows for one in verdict.differences} == {(7,)} and verdict.identical == ALL - 1
    assert len(verdict.differences) == sum(part.name.startswith("text_patient_databases/") for part in seal.parts)


def test_a_changed_question_is_named(bed, seal):
    changes = ({"label": ["CHEST (PORTABLE AP)"]}, {"prediction_time": "2150-01-01 10:00:02"}, {"hadm_id": 20000003})
    for place, fields in enumerate(changes, 2):
        bed.change(bed.of_task("text", "radiology", place), **fields)
    assert told(verified(bed.root, seal)) == {"text_manifest": ((3, 4, 5), ("text_manifest",))}


@pytest.mark.parametrize("place", [0, -1])
def test_a_question_less_shows_in_the_counts_and_touches_no_other(bed, seal, place):
    with bed.rows("text") as rows:
        rows.pop(place)
    verdict = verified(bed.root, seal)
    sealed_counts, here = verdict.counts["text"]
    assert (sealed_counts.questions, here.questions) == (QUESTIONS, QUESTIONS - 1)
    assert not verdict.ok and verdict.identical == ALL - 1 and not verdict.differences


def test_where_every_record_differs_the_seal_stays_closed(bed, seal):
    """As where another version of MIMIC-IV was taken: each patient differs somewhere, each table for somebody."""
    for place, question in enumerate(bed.questions["text"][:-1]):
        with bed.sql(bed.database(question)) as database:
            database.execute("UPDATE patients SET anchor_age = anchor_age + 1")
            if place == 0:
                for name in ("admissions", "labevents", "discharge"):
                    database.execute(f"DELETE FROM {name}")
    verdict = verified(bed.root, seal)
    assert not verdict.ok and not verdict.opened and not verdict.identical and not verdict.differences


def test_a_seal_of_few_patients_tells_identical_or_not(bed):
    seal = sealed(bed.root, splits=("multimodal",))
    assert verified(bed.root, seal).ok
    bed.alter_image(bed.of_task("multimodal", "ehrxqa"), a_picture(99, (64, 80)))
    verdict = verified(bed.root, seal)
    assert not verdict.ok and not verdict.opened


def test_a_seal_is_read_as_it_was_written(seal, tmp_path):
    for name in ("one.json", "other.json"):
        write_seal(tmp_path / name, seal)
    assert read_seal(tmp_path / "one.json") == seal
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()
    assert set(read_seal(tmp_path / "one.json").splits) == set(SPLITS)


def changed_in_file(path, change):
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda path: path.write_text(path.read_text()[:1000]), "is no seal of form 1, or is damaged (at the file"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is not text"),
        (lambda path: path.write_text("[]"), "is no seal of form 1"),
        (lambda path: path.write_text('{"purpose": "something else"}'), "at purpose"),
        (lambda path: changed_in_file(path, lambda told: told.update(format=2)), "at format"),
        (lambda path: changed_in_file(path, lambda told: told.update(salt="00")), "at salt"),
        (lambda path: changed_in_file(path, lambda told: told["parts"][0].update(tokens="AAAA")), "a token is cut"),
        (lambda path: changed_in_file(path, lambda told: told["parts"][0].update(tokens="A")), "at parts.0.tokens"),
        (lambda path: changed_in_file(path, lambda told: told["parts"].pop()), "does not fit its checksum"),
        (lambda path: changed_in_file(path, lambda told: told.update(release="built by me")), "fit its checksum"),
        (lambda path: changed_in_file(path, lambda told: told["splits"].pop("text")), "fit its checksum"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
)
def test_a_damaged_seal_is_refused_with_the_place(seal, tmp_path, damage, named):
    path = tmp_path / "seal.json"
    write_seal(path, seal)
    damage(path)
    with pytest.raises(SealFault) as refused:
        read_seal(path)
    assert named in str(refused.value) and "clinseek seal" in str(refused.value)
