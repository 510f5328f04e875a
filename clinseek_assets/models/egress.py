"""Which data may leave for which endpoint.

PhysioNet's notice on language models and online services asks for zero retention, no training and no human review
wherever credentialed data goes. A loopback address proves nothing (a proxy may stand behind it), so every endpoint is
admitted by its attestation and by nothing else.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from clinseek_assets.faults import EndpointFault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.registry import Attestation, Model


def admit(model: Model, data_class: DataClass) -> None:
    """Let data of this class go to this model, or refuse before the first byte.

    Args:
        model: the model; a baseline runs in this process, so nothing leaves for it.
        data_class: `open` (synthetic data or the open demo) or `credentialed` (everything else).

    Raises:
        EndpointFault: the model's attestation does not allow it; names each reason.
    """
    if model.dialect == "baseline" or data_class == "open":
        return
    if reasons := objections(model):
        raise EndpointFault(
            f"Credentialed data may not go to the endpoint of model {model.name!r}: {'; '.join(reasons)}.",
            mend=(
                "Use a server under your own control or a provider that promises no retention, no training and no "
                "human review, and write that into the model's `attestation` in models.yaml."
            ),
        )


def objections(model: Model) -> list[str]:
    """Every reason why credentialed data may not go to this model; empty if it may."""
    attestation = model.attestation
    if attestation is None:
        return ["it has no attestation"]
    return [reason for holds, reason in _demands(attestation, model) if not holds]


def _demands(attestation: Attestation, model: Model) -> list[tuple[bool, str]]:
    """Each demand, and the reason to give where it does not hold."""
    remote = attestation.location == "remote"
    return [
        (attestation.retention.strip().casefold() == "none", "it keeps prompts (retention is not `none`)"),
        (not attestation.training, "it uses prompts for training"),
        (not attestation.human_review, "people may read prompts (human_review)"),
        (bool(attestation.evidence_url) or not remote, "it is remote and its attestation names no evidence_url"),
        (attestation.date <= dt.date.today(), "its attestation is dated in the future"),
        (not remote or urlsplit(model.endpoint()).scheme == "https", "it is remote and its URL is not https"),
    ]
