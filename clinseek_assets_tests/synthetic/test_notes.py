"""Notes: a canary in each, headings as real notes have them."""

from clinseek_assets.synthetic.canaries import CANARY_PATTERN, canary_of
from clinseek_assets_tests.synthetic.conftest import SEED


def test_every_note_has_its_own_canary(text_of):
    seen = set()
    for name in ("discharge", "radiology"):
        for note_id, text in text_of(name)[["note_id", "text"]].itertuples(index=False):
            assert CANARY_PATTERN.findall(text) == [canary_of(note_id, SEED)]
            seen.add(canary_of(note_id, SEED))
    assert len(seen) == len(text_of("discharge")) + len(text_of("radiology"))


def test_canaries_stand_nowhere_but_in_notes(text_of):
    from clinseek_assets.mimic.catalogue import TABLES

    for name, table in TABLES.items():
        for column in table.column_names:
            if column != "text":
                assert not text_of(name)[column].str.contains("CANARY-", regex=False).any(), (name, column)


def test_a_canary_depends_on_note_and_seed():
    assert canary_of("1-DS-1", 1) != canary_of("1-DS-2", 1)
    assert canary_of("1-DS-1", 1) != canary_of("1-DS-1", 2)
    assert CANARY_PATTERN.fullmatch(canary_of("1-DS-1", 1))


def test_examination_is_headed_in_three_ways(text_of):
    text = text_of("discharge")["text"]
    usual = text.str.contains("Physical Exam", regex=False)
    capitals = text.str.contains("PHYSICAL EXAM", regex=False)
    assert 0.5 < usual.mean() < 0.85
    assert 0.1 < capitals.mean() < 0.35
    assert 0.02 < (~usual & ~capitals).mean() < 0.2
    assert not (usual & capitals).any()


def test_a_report_names_its_exam(text_of):
    names = text_of("radiology_detail")
    names = names[names["field_name"] == "exam_name"].set_index("note_id")["field_value"]
    reports = text_of("radiology")
    assert reports["note_id"].isin(names.index).all()
    assert all(names[note_id] in text for note_id, text in reports[["note_id", "text"]].itertuples(index=False))
