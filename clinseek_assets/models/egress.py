"""Which data may leave for which endpoint: models, judges, search endpoints and MCP clients alike.

PhysioNet's notice on language models and online services asks for zero retention, no training and no human review
wherever credentialed data goes. A loopback address proves nothing (a proxy may stand behind it), so every endpoint is
admitted by its attestation and by nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import urlsplit

from clinseek_assets.faults import EndpointFault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.registry import Attestation, Model

OLD_AFTER = dt.timedelta(days=365)  # terms of service change; the date says when somebody last looked

# Kind of an endpoint of the registry -> how it is called in a refusal.
CALLED = {
    "search": "the search endpoint",
    "mcp_client": "the MCP client",
    "judge": "the judge",
    "image_tool": "the image tools' endpoint",
}


class Destination(Protocol):
    """An endpoint of the registry that is not a model: its name, kind (`CALLED`), URL and attestation.

    An MCP client comes to us and has no URL; what it passes the data on to is what its attestation is about.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def url(self) -> str | None: ...  # noqa: D102
    @property
    def attestation(self) -> Attestation | None: ...  # noqa: D102


def admit(destination: Model | Destination, data_class: DataClass) -> None:
    """Let data of this class go there, or refuse before the first byte.

    Args:
        destination: the model or other endpoint; a baseline runs in this process, so nothing leaves for it.
        data_class: `open` (synthetic data or the open demo) or `credentialed` (everything else).

    Raises:
        EndpointFault: its attestation does not allow it; names each reason.
    """
    if data_class == "open" or _stays_here(destination):
        return
    if reasons := objections(destination):
        raise EndpointFault(
            f"Credentialed data may not go to {_called(destination)} {destination.name!r}: {'; '.join(reasons)}.",
            mend=(
                "Use a server under your own control or a provider that promises no retention, no training and no "
                "human review, and write that into its `attestation` in models.yaml. `clinseek doctor` tells why the "
                "data counts as credentialed."
            ),
        )


def admit_client(name: str, endpoints: Iterable[Destination], data_class: DataClass) -> Destination | None:
    """Let the data go to an MCP client of that name; give its entry of the registry, if it has one.

    Open data may go to any client, listed or not.

    Raises:
        EndpointFault: the data is credentialed, and the client is not listed or its attestation does not allow it.
    """
    listed = next((entry for entry in endpoints if entry.kind == "mcp_client" and entry.name == name), None)
    if listed is not None:
        admit(listed, data_class)
    elif data_class != "open":
        raise EndpointFault(
            f"Credentialed data may not go to the MCP client {name!r}: models.yaml has no such entry in `endpoints`.",
            mend="Add `- {name: …, kind: mcp_client, attestation: {…}}`, about whoever is given what the client reads.",
        )
    return listed


def objections(destination: Model | Destination) -> list[str]:
    """Every reason why credentialed data may not go there; empty if it may."""
    attestation = destination.attestation
    if attestation is None:
        return ["it has no attestation"]
    return [reason for holds, reason in _demands(attestation, destination) if not holds]


def remarks(destination: Model | Destination) -> list[str]:
    """What a user should look at again although nothing is against it."""
    attestation = destination.attestation
    if attestation is None or dt.date.today() - attestation.date <= OLD_AFTER:
        return []
    return [
        f"The attestation of {_called(destination)} {destination.name!r} is older than a year: read the provider's "
        "terms again and renew its date."
    ]


def _demands(attestation: Attestation, destination: Model | Destination) -> list[tuple[bool, str]]:
    """Each demand, and the reason to give where it does not hold."""
    remote = attestation.location == "remote"
    return [
        (attestation.retention.strip().casefold() == "none", "it keeps prompts (retention is not `none`)"),
        (not attestation.training, "it uses prompts for training"),
        (not attestation.human_review, "people may read prompts (human_review)"),
        (bool(attestation.evidence_url) or not remote, "it is remote and its attestation names no evidence_url"),
        (attestation.date <= dt.date.today(), "its attestation is dated in the future"),
        (not remote or _encrypted(destination), "it is remote and its URL is not https"),
    ]


def _stays_here(destination: Model | Destination) -> bool:
    return isinstance(destination, Model) and destination.dialect == "baseline"


def _encrypted(destination: Model | Destination) -> bool:
    address = destination.endpoint() if isinstance(destination, Model) else destination.url
    return address is None or urlsplit(address).scheme == "https"


def _called(destination: Model | Destination) -> str:
    return "the endpoint of model" if isinstance(destination, Model) else CALLED[destination.kind]
