from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.egress import CALLED, admit, admit_client, remarks
from clinseek_assets.models.registry import Attestation
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


@dataclass(frozen=True)
class Entry:
    """An endpoint of the registry that is no model."""

    name: str
    kind: str
    url: str | None
    attestation: Attestation | None


def entry(kind: str, url: str | None = "https://provider.example", **changes: Any) -> Entry:
    return Entry("somebody", kind, url, Attestation.model_validate({**GOOD, **changes}))


@pytest.mark.parametrize("kind", list(CALLED))
def test_every_kind_of_endpoint_is_judged_alike(kind: str) -> None:
    admit(entry(kind), "credentialed")
    admit(Entry("somebody", kind, "http://127.0.0.1:9", None), "open")
    with pytest.raises(EndpointFault, match=rf"{CALLED[kind]} 'somebody': it has no attestation"):
        admit(Entry("somebody", kind, "http://127.0.0.1:9", None), "credentialed")
    for changes in ({"retention": "30 days"}, {"training": True}, {"human_review": True}, {"evidence_url": None}):
        with pytest.raises(EndpointFault):
            admit(entry(kind, **changes), "credentialed")
    with pytest.raises(EndpointFault, match="https"):
        admit(entry(kind, url="http://provider.example"), "credentialed")


def test_an_mcp_client_needs_an_entry_of_its_own_for_credentialed_data() -> None:
    listed = [entry("search"), Entry("other", "mcp_client", None, entry("mcp_client").attestation)]
    assert admit_client("other", listed, "credentialed") is listed[1]
    assert admit_client("unknown", listed, "open") is None
    for name in ("unknown", "somebody"):  # a search endpoint of that name is no client
        with pytest.raises(EndpointFault, match="no such entry"):
            admit_client(name, listed, "credentialed")
    refused = Entry("lax", "mcp_client", None, entry("mcp_client", human_review=True).attestation)
    with pytest.raises(EndpointFault, match="human_review"):
        admit_client("lax", [refused], "credentialed")


def test_an_old_attestation_is_remarked_on_and_not_refused() -> None:
    today = dt.date.today()
    old = attested(date=today - dt.timedelta(days=366))
    admit(old, "credentialed")
    assert "older than a year" in remarks(old)[0] and "'a model'" in remarks(old)[0]
    assert remarks(attested(date=today - dt.timedelta(days=365))) == []
    assert remarks(chat_model("http://127.0.0.1:1")) == []
