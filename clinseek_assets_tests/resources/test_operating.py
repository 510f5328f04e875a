"""The block `operate` of models.yaml: what it takes, and what it says where something is wrong with it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault, SettingsFault
from clinseek_assets.models.registry import load_registry
from clinseek_assets.resources.operating import Operating, load_operating

MODELS = """\
models:
  - {name: counting, dialect: baseline, model_id: evidence_counts, enabled: true}
  - {name: asleep, dialect: baseline, model_id: always_no}
"""


def load(folder: Path, block: str) -> Operating:
    path = folder / "models.yaml"
    path.write_text(MODELS + block)
    return load_operating(path, load_registry(path))


def test_without_the_block_everything_that_costs_or_sends_is_off(tmp_path):
    operating = load(tmp_path, "")
    assert operating == load(tmp_path, "operate:\n") == load(tmp_path, "operate: {reevaluation: }\n")
    assert not operating.reevaluation.enabled and not operating.report.enabled
    assert not operating.watch.new_models and not operating.watch.rebuild
    assert operating.reevaluation.another_run_after_days is None
    assert operating.alerts.webhook({}) is None


def test_everything_can_be_named(tmp_path):
    operating = load(
        tmp_path,
        """\
operate:
  reevaluation:
    enabled: true
    cron: "30 2 * * 6"
    timezone: Europe/Vienna
    models: [counting]
    arms: [seeking, curated_strict]
    splits: [text]
    another_run_after_days: 90
  report: {enabled: true, cron: "0 7 * * 1,4"}
  watch: {rebuild: true, new_models: true}
  alerts: {webhook_env: OUR_HOOK, least_coverage: 1, page: "https://clinseek.example"}
""",
    )
    assert operating.reevaluation.arms == ("seeking", "curated_strict")
    assert operating.report.longest_pause == dt.timedelta(days=4)
    assert operating.alerts.least_coverage == 1.0
    assert operating.alerts.webhook({"OUR_HOOK": "https://hooks.example/a?b=c"}) == "https://hooks.example/a?b=c"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("operate: {reevaluate: {}}\n", ["unknown key 'reevaluate'", "reevaluation, report, watch, alerts"]),
        ("operate: []\n", ["operate", "blocks of settings"]),
        ("operate: {reevaluation: {corn: x}}\n", ["operate.reevaluation", "'corn'", "Known keys there", "cron"]),
        ("operate: {reevaluation: {cron: weekly on monday}}\n", ["'cron'", "no cron line", "five fields"]),
        ("operate: {report: {cron: '0 0 31 2 *'}}\n", ["operate.report", "'cron'"]),
        ("operate: {report: {timezone: Mars/North}}\n", ["'timezone'", "no timezone"]),
        ("operate: {reevaluation: {arms: [curated, guided]}}\n", ["arms.1", "curated_strict"]),
        ("operate: {reevaluation: {splits: []}}\n", ["'splits'"]),
        ("operate: {reevaluation: {models: [nobody]}}\n", ["'nobody' is not there", "Enabled models: counting"]),
        ("operate: {reevaluation: {models: [asleep]}}\n", ["'asleep' is not enabled", "enabled: true"]),
        ("operate: {reevaluation: {another_run_after_days: 0}}\n", ["another_run_after_days"]),
        ("operate: {alerts: {webhook_env: 'https://hooks.example/secret'}}\n", ["'webhook_env'"]),
        ("operate: {alerts: {least_coverage: 98}}\n", ["'least_coverage'"]),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(tmp_path, block, words):
    with pytest.raises(SettingsFault) as fault:
        load(tmp_path, block)
    for word in (*words, "models.yaml", "What to do"):
        assert word in str(fault.value)
    assert "secret" not in str(fault.value)


@pytest.mark.parametrize("held", ["", "hooks.example/secret", "ftp://hooks.example/secret"])
def test_a_webhook_that_cannot_be_used_is_told_without_its_address(tmp_path, held):
    operating = load(tmp_path, "operate: {alerts: {webhook_env: OUR_HOOK}}\n")
    with pytest.raises(EndpointFault, match="OUR_HOOK") as fault:
        operating.alerts.webhook({"OUR_HOOK": held})
    assert "secret" not in str(fault.value)
