from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.egress import admit
from clinseek_assets_tests.models.cases import baseline, chat_model

GOOD = {
    "location": "remote",
    "retention": "none",
    "training": False,
    "human_review": False,
    "evidence_url": "https://provider.example/terms",
    "date": dt.date(2026, 1, 31),
}


def attested(url: str = "https://provider.example/v1", **changes: Any) -> Any:
    return chat_model(url, attestation={**GOOD, **changes})


def test_open_data_may_go_anywhere_and_baselines_send_nothing() -> None:
    admit(chat_model("http://127.0.0.1:1"), "open")
    admit(baseline("always_no"), "credentialed")


def test_credentialed_data_goes_to_attested_endpoints() -> None:
    admit(attested(), "credentialed")
    admit(attested("http://127.0.0.1:8000", location="local", evidence_url=None), "credentialed")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"retention": "30 days"}, "retention"),
        ({"training": True}, "training"),
        ({"human_review": True}, "human_review"),
        ({"evidence_url": None}, "evidence_url"),
        ({"date": dt.date(2999, 1, 1)}, "future"),
        ({"url": "http://provider.example/v1"}, "https"),
    ],
)
def test_each_broken_promise_refuses(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EndpointFault, match=reason):
        admit(attested(**changes), "credentialed")


def test_loopback_alone_is_no_proof() -> None:
    with pytest.raises(EndpointFault, match="no attestation"):
        admit(chat_model("http://127.0.0.1:8000"), "credentialed")


def test_all_reasons_are_given_at_once() -> None:
    with pytest.raises(EndpointFault) as fault:
        admit(attested(retention="a week", training=True), "credentialed")
    assert "retention" in str(fault.value) and "training" in str(fault.value)
