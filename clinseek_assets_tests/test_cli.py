"""The command line as a user meets it."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from clinseek_assets import cli
from clinseek_assets.cli import COMMANDS, clinseek

CLINSEEK = Path(sys.executable).with_name("clinseek")


def test_help_lists_every_command():
    shown = CliRunner().invoke(clinseek, ["--help"]).output
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_itself(name):
    result = CliRunner().invoke(clinseek, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage:" in result.output
    assert len(result.output.splitlines()) > 5


@pytest.mark.parametrize("arguments", [["no-such-command"], ["score"], ["doctor", "--no-such-option"]])
def test_wrong_usage_exits_with_2(arguments):
    ran = subprocess.run([CLINSEEK, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "Usage:" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_an_interrupted_command_says_that_it_can_go_on(monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.LazyCommands, "get_command", interrupted)
    monkeypatch.setattr(sys, "argv", ["clinseek", "doctor"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
    assert "the same command continues" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["score", "--help"]])
def test_asked_for_help_is_no_failure(arguments):
    assert subprocess.run([CLINSEEK, *arguments], capture_output=True, check=False).returncode == 0


def test_a_user_s_mistake_ends_with_its_reason_and_no_traceback(tmp_path):
    missing = tmp_path / "nowhere.json"
    ran = subprocess.run(
        [CLINSEEK, "patient-databases", "--manifest", missing, "--mimic-root", tmp_path, "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
    assert "nowhere.json" in ran.stderr


def test_a_place_that_cannot_be_written_to_ends_with_its_reason_and_no_traceback(tmp_path):
    (tmp_path / "file").touch()
    ran = subprocess.run(
        [CLINSEEK, "synthesize", "--out", tmp_path / "file" / "synthetic"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert f"in {tmp_path / 'file'}" in ran.stderr


def test_what_the_system_says_of_a_file_names_its_folder_alone(tmp_path, monkeypatch, capsys):
    def fails(**settings):
        raise PermissionError(13, "Permission denied", str(tmp_path / "patient_10000032.db"))

    monkeypatch.setattr(cli, "clinseek", fails)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert f"in {tmp_path} cannot be used (Permission denied)" in told
    assert "10000032" not in told
