"""The tools over a home's records: the same for the arms, the command line and clients over MCP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.imaging.tools.engines import Engine
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.agent.dataset_tools import DatasetTools
from clinseek_assets.models.agent.pinned_tools import PinnedTools
from clinseek_assets.models.agent.tool_source import ToolSource
from clinseek_assets.models.browsing.configured import configured_library
from clinseek_assets.models.browsing.corpus import Library
from clinseek_assets.models.image_tools.configured import configured_engines
from clinseek_assets.models.ledger import Ledger
from clinseek_assets.models.registry import Endpoint
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets.records.tools.meanings import configured_meanings
from clinseek_assets.resources.home import Home


def record_tools(home: Home, policy: Policy, library: Library | None = None, *, split: str = "text") -> ToolSource:
    """The EHR tools over the home's records of a split under a policy of time, and the browser tools over a library.

    Raises:
        Fault: a model for search by meaning is named and cannot be used.
    """
    return SOURCES[split](home, policy, library)


def record_files(home: Home) -> dict[str, RecordFiles]:
    """Dataset of the multimodal split -> where its records lie in the home."""
    layout = home.layout
    return {
        dataset: RecordFiles(layout.patient_databases(dataset), layout.dataset_reference(dataset))
        for dataset in (EHRXQA, MEDMOD)
    }


def _text_tools(home: Home, policy: Policy, library: Library | None) -> ToolSource:
    candidates = home.layout.candidate_tables
    return PinnedTools(
        policy,
        databases=home.layout.patient_databases("text"),
        reference=home.layout.reference_tables,
        candidates=candidates,
        descriptions=home.layout.table_descriptions,
        semantic=configured_meanings(candidates.parent),
        library=library,
    )


def _multimodal_tools(home: Home, policy: Policy, library: Library | None) -> ToolSource:
    semantic = configured_meanings(home.layout.candidate_tables.parent)
    return DatasetTools(policy, record_files(home), semantic=semantic, library=library)


SOURCES: Mapping[str, Callable[[Home, Policy, Library | None], ToolSource]] = {
    "text": _text_tools,
    "multimodal": _multimodal_tools,
}


def image_engines(home: Home, data_class: DataClass) -> tuple[Engine, ...]:
    """Who runs the image tools that a model does: endpoints of the registry, then what is installed here.

    Raises:
        EndpointFault: an endpoint may not see data of this class, or its key is missing.
    """

    def leaving(entry: Endpoint) -> Callable[[int, str], None]:
        def told(size: int, qid_sha256: str) -> None:
            with Ledger(home.layout.ledger) as ledger:
                ledger.note("image_tool", entry.name, urlsplit(entry.url or "").netloc, size, qid_sha256)

        return told

    return configured_engines(
        home.registry.endpoints, folder=home.layout.image_tools, data_class=data_class, leaving=leaving
    )


def browser_library(home: Home, data_class: DataClass) -> Library | None:
    """What the browser tools search; None where they are off. Each query of a search endpoint is in the ledger.

    Raises:
        SettingsFault: more than one library is configured, or the corpus cannot be read.
        EndpointFault: the search endpoint may not see data of this class, or its key is missing.
    """
    endpoints = home.registry.endpoints
    search = next((entry for entry in endpoints if entry.kind == "search"), None)

    def leaving(size: int, qid_sha256: str) -> None:
        if search is not None:
            with Ledger(home.layout.ledger) as ledger:
                ledger.note("search", search.name, urlsplit(search.url or "").netloc, size, qid_sha256)

    return configured_library(
        home.settings.corpus, endpoints, folder=home.layout.browsing, data_class=data_class, leaving=leaving
    )
