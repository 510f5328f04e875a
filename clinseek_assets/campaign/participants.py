"""What is told of each model: what the registry says, and the versions under which its answers are kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from clinseek_assets.models.answer_book import AnswerBook
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.registry import Model
from clinseek_assets.storage.store.rows import RowStore

# Parts of an answer's identity that are the same for many questions; the address of a server is told to nobody.
VERSIONED = ("model_id", "baseline", "prompt", "reading", "policy", "tools", "loop", "rules", "vision")
HASH_SHOWN = 16
HASH_LENGTH = 64


def registered(model: Model) -> dict[str, Any]:
    """What the registry says of a model, without its address, key and attestation."""
    baseline = model.dialect == "baseline"
    return {
        "model": model.name,
        "kind": model.kind,
        "fingerprint": model.fingerprint,
        "dialect": model.dialect,
        "model id": model.model_id,
        "weights revision": model.provenance.revision,
        "quantisation": model.provenance.quantisation,
        "server": model.provenance.server,
        "hardware": model.provenance.hardware,
        "trained on MIMIC": "no" if baseline else model.provenance.mimic_exposure,
        "evidence of that": "rules in this package" if baseline else model.provenance.mimic_evidence,
        "decoding": None if baseline else model.sampling.model_dump(mode="json"),
        "context window": model.context_window,
        "most rounds": model.max_rounds,
        "seconds a question": model.question_seconds,
        "native tools": model.native_tools,
        "prompt cache": model.prompt_cache,
        "vision": model.vision,
        "prices, dollars per million tokens": None if model.prices is None else model.prices.model_dump(mode="json"),
    }


def versions_kept(journal: Path, shared: RowStore | None = None) -> dict[str, list[str]]:
    """Part of an answer's identity -> the versions under which answers are kept, the most frequent first.

    More than one version of a part means that not all answers were given to the same prompt, tools or policy.

    Args:
        journal: of one model in one arm; nothing where it is not there (a baseline that reads contexts keeps none).
        shared: the store from which answers of other machines are taken over first.

    Raises:
        EndpointFault: the file is no journal.
    """
    if shared is None and not journal.is_file():
        return {}
    counts: dict[str, Counter[str]] = {name: Counter() for name in VERSIONED}
    with Journal(journal, shared) as opened:
        for kept in AnswerBook(opened).all().values():
            for name in counts.keys() & kept.parts.keys():
                counts[name][kept.parts[name]] += 1
    return {name: [short(part) for part, _ in found.most_common()] for name, found in counts.items() if found}


def short(part: str) -> str:
    """A part as it is told: of a hash the beginning."""
    return part[:HASH_SHOWN] if len(part) == HASH_LENGTH else part
