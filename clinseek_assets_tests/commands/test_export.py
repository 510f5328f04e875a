"""`clinseek export` as a user meets it."""

import json

import pytest

from clinseek_assets_tests.release.on_the_terminal import clinseek


def test_an_export_ends_with_0_and_says_what_it_holds(bed, tmp_path):
    ran = clinseek(bed.root, "export", "--out", tmp_path / "package", "--json")
    assert ran.returncode == 0, ran.stderr
    made = json.loads(ran.stdout)
    assert made["facts"]["text"]["text_rows"] == 4
    assert made["facts"]["multimodal"] == {
        "multimodal_rows": 7,
        "ehrxqa_rows": 3,
        "ehrxqa_patients": 2,
        "medmod_rows": 4,
        "medmod_patients": 2,
        "images": 6,
        "reports": 3,
    }
    assert made["up_to_date"] is False
    again = clinseek(bed.root, "export", "--out", tmp_path / "package")
    assert again.returncode == 0 and again.stdout.startswith("Nothing to do")


def test_a_release_without_multimodal_questions_is_exported_as_text(bed, tmp_path):
    bed.manifest("multimodal").unlink()
    ran = clinseek(bed.root, "export", "--out", tmp_path / "package")
    assert ran.returncode == 0, ran.stderr
    assert not (tmp_path / "package" / "data" / "mm_bench").exists()


def test_another_s_folder_and_a_split_that_is_not_built_end_with_1_and_the_reason(bed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    ran = clinseek(bed.root, "export", "--out", tmp_path / "mine")
    assert ran.returncode == 1 and "is no export" in ran.stderr
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"
    question = bed.of_task("multimodal", "medmod")
    bed.database(question).unlink()
    ran = clinseek(bed.root, "export", "--out", tmp_path / "package", "--split", "multimodal")
    assert ran.returncode == 1 and "medmod_patient_databases" in ran.stderr
    assert "Traceback" not in ran.stderr and str(question.subject_id) not in ran.stderr


@pytest.mark.parametrize("arguments", [[], ["--out", "x", "--split", "images"]])
def test_wrong_usage_ends_with_2(bed, arguments):
    assert clinseek(bed.root, "export", *arguments).returncode == 2
