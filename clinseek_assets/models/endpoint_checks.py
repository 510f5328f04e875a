"""Whether each model of the registry can be used: what is left to fill in, and whether its endpoint answers."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.egress import objections
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.openai_chat import AUTO, CallError, OpenAIChat
from clinseek_assets.models.registry import Model


@dataclass(frozen=True)
class EndpointCheck:
    """One model's state.

    Attributes:
        state: `ready`, `off` (not enabled) or `failed`.
        reason: what was found, or what to fill in.
        credentialed_data: whether credentialed data may go there, by its attestation.
    """

    model: str
    enabled: bool
    state: str
    reason: str
    credentialed_data: bool


def check_models(models: Sequence[Model], progress: Callable[[int, int], None] | None = None) -> list[EndpointCheck]:
    """Check each model in turn; enabled endpoints are asked for their list of models, and for nothing else."""
    checks = []
    for done, model in enumerate(models, start=1):
        checks.append(_check(model))
        if progress:
            progress(done, len(models))
    return checks


def _check(model: Model) -> EndpointCheck:
    if model.dialect == "baseline":
        state = "ready" if model.enabled else "off"
        return EndpointCheck(model.name, model.enabled, state, "runs here; needs no network", True)
    state, reason = _asked(model) if model.enabled else ("off", to_fill_in(model))
    return EndpointCheck(model.name, model.enabled, state, reason, _admitted(model))


def _admitted(model: Model) -> bool:
    try:
        return not objections(model)
    except EndpointFault:
        return False


def to_fill_in(model: Model) -> str:
    """What a model that is off still needs, one sentence."""
    if model.dialect == "anthropic_messages":
        return "no client for its dialect yet; an OpenAI-compatible endpoint of it would do (`openai_chat`)"
    missing = [f"`{key}`" for key in model.unfilled]
    return f"set {', '.join([*missing, '`enabled: true`'])}"


def _asked(model: Model) -> tuple[str, str]:
    try:
        listed = asyncio.run(_listed(model))
    except EndpointFault as fault:
        return "failed", f"{fault.what} {fault.mend}".strip()
    except CallError as failure:
        return "failed", f"the endpoint gave no list of models ({failure.kind}); is the server running?"
    if not listed:
        return "failed", "the endpoint answers, but lists no models"
    if model.model_id == AUTO:
        return "ready", f"answers; `auto` takes {listed[0]!r}"
    if model.model_id not in listed:
        return "failed", f"the endpoint answers, but does not list {model.model_id!r} among its {len(listed)} models"
    return "ready", "answers, and lists the model"


async def _listed(model: Model) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="clinseek-") as folder, Journal(Path(folder) / "journal.sqlite") as journal:
        async with OpenAIChat(model, journal) as client:
            return await client.listed_models()
