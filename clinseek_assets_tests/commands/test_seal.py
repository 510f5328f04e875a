"""`clinseek seal` and `clinseek verify` as a user meets them."""

import json

import pytest
from click.testing import CliRunner

from clinseek_assets.cli import clinseek as commands
from clinseek_assets.commands.verify import as_figures
from clinseek_assets_tests.release.on_the_terminal import clinseek
from clinseek_assets_tests.release.seal.a_sealed_release import QUESTIONS, verified
from clinseek_assets_tests.release.seal.conftest import bed, original, seal

__all__ = ["bed", "original", "seal"]

ALL = QUESTIONS + 7
SALT = bytes(range(16)).hex()


def test_a_seal_is_made_and_what_it_was_made_of_is_identical(bed, seal, tmp_path):
    made = clinseek(bed.root, "seal", "--out", tmp_path / "seal.json", "--salt", SALT)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"Seal {seal.name} in {tmp_path / 'seal.json'}: {QUESTIONS} text questions of 30 pat")
    assert json.loads((tmp_path / "seal.json").read_text())["checksum"] == seal.checksum
    same = clinseek(bed.root, "verify", tmp_path / "seal.json", "--json")
    assert same.returncode == 0, same.stderr
    told = json.loads(same.stdout)
    assert (told["ok"], told["identical"], told["questions"], told["differences"]) == (True, ALL, ALL, [])


def test_what_differs_ends_with_1_and_is_named_by_row_and_table_alone(bed, seal, tmp_path):
    (tmp_path / "seal.json").write_text(seal.model_dump_json())
    question = bed.of_task("text", "radiology", 6)
    with bed.sql(bed.database(question)) as database:
        database.execute("UPDATE labevents SET valuenum = 0")
    other = clinseek(bed.root, "verify", tmp_path / "seal.json")
    assert other.returncode == 1 and "Traceback" not in other.stderr
    assert other.stdout.splitlines()[0] == f"{ALL - 1}/{ALL} identical"
    (line,) = (line for line in other.stdout.splitlines() if "mimic_iv/hosp/labevents" in line)
    assert line.split() == ["text_patient_databases/labevents", "1", "7", "mimic_iv/hosp/labevents"]
    assert str(question.subject_id) not in other.stdout + other.stderr and "q7" not in other.stdout + other.stderr
    told = as_figures(seal, verified(bed.root, seal))
    assert (told["ok"], told["identical"], told["questions"]) == (False, ALL - 1, ALL)
    labs = {"artifact": "text_patient_databases/labevents", "split": "text", "rows": [7]}
    assert told["differences"] == [{**labs, "upstream": ["mimic_iv/hosp/labevents"]}]


def test_a_damaged_seal_ends_with_1_and_the_reason(bed, seal, tmp_path):
    (tmp_path / "seal.json").write_text(seal.model_dump_json()[:-100])
    ran = clinseek(bed.root, "verify", tmp_path / "seal.json")
    assert ran.returncode == 1 and "is damaged" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.parametrize("arguments", [["seal", "--salt", "short"], ["verify"], ["verify", "no-such-file.json"]])
def test_wrong_usage_ends_with_2(arguments):
    assert CliRunner().invoke(commands, arguments).exit_code == 2
