"""Which library the browser tools search: what the settings and the registry name, or none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.browsing.corpus import Corpus, Library
from clinseek_assets.models.browsing.search_endpoint import Leaving, SearchEndpoint
from clinseek_assets.models.egress import Destination


class KeyedDestination(Destination, Protocol):
    """An endpoint of the registry that may ask for a key."""

    def api_key(self) -> str | None:
        """The key out of its environment variable; None where the entry names no variable."""


def configured_library(
    corpus: Path | None,
    endpoints: Iterable[KeyedDestination],
    *,
    folder: Path,
    data_class: DataClass,
    leaving: Leaving,
) -> Library | None:
    """The library that is configured; None where the browser is off.

    Args:
        corpus: the folder that CLINSEEK_CORPUS names.
        endpoints: the registry's; those of kind `search` count.
        folder: where the corpus' index and the endpoint's answers are kept.
        data_class: what a model's queries may be about.
        leaving: told of each query before it is sent.

    Raises:
        SettingsFault: more than one is configured, or the corpus cannot be read.
        EndpointFault: the search endpoint may not see data of this class, or its key is missing.
    """
    searches = [entry for entry in endpoints if entry.kind == "search"]
    named = [*(["CLINSEEK_CORPUS"] if corpus else []), *(f"the search endpoint {entry.name!r}" for entry in searches)]
    if len(named) > 1:
        raise SettingsFault(
            f"The browser tools have more than one library: {', '.join(named)}.",
            mend="Keep one of them: it is a part of what a model's answers rest on.",
        )
    if corpus:
        return Corpus.over(corpus, folder / "corpus")
    if searches:
        kept = folder / "search.sqlite"
        return SearchEndpoint(searches[0], key=searches[0].api_key(), data_class=data_class, kept=kept, leaving=leaving)
    return None
