"""The browser is off unless one library is configured, and only one may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault, SettingsFault
from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.browsing.configured import configured_library
from clinseek_assets.models.browsing.corpus import Corpus, Library
from clinseek_assets.models.browsing.search_endpoint import SearchEndpoint
from clinseek_assets.models.registry import Attestation


@dataclass(frozen=True)
class Entry:
    name: str
    kind: str = "search"
    url: str | None = "http://127.0.0.1:9/search"
    attestation: Attestation | None = None

    def api_key(self) -> str | None:
        return None


def library(folder: Path, corpus: Path | None, *endpoints: Entry, data_class: DataClass = "open") -> Library | None:
    return configured_library(corpus, endpoints, folder=folder, data_class=data_class, leaving=lambda *_: None)


def test_one_library_or_none(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("Sepsis")
    kept = tmp_path / "kept"
    assert library(kept, None) is None
    assert library(kept, None, Entry("somebody", kind="mcp_client")) is None
    assert isinstance(library(kept, tmp_path / "corpus"), Corpus)
    assert isinstance(library(kept, None, Entry("one")), SearchEndpoint)
    for corpus, endpoints in ((tmp_path / "corpus", [Entry("one")]), (None, [Entry("one"), Entry("two")])):
        with pytest.raises(SettingsFault, match="more than one library"):
            library(kept, corpus, *endpoints)


def test_a_search_endpoint_is_admitted_like_any_other(tmp_path: Path) -> None:
    with pytest.raises(EndpointFault, match="no attestation"):
        library(tmp_path / "kept", None, Entry("one"), data_class="credentialed")
    assert not (tmp_path / "kept").exists()
