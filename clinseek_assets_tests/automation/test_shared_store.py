"""Several machines over one store: what one has finished the others take over as it is, and make nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from clinseek_assets.assets import artifact
from clinseek_assets.storage.store.objects import Objects
from clinseek_assets_tests.conftest import FEW, Graph, open_graph, settings_over
from clinseek_assets_tests.services.buckets import serving_bucket

COMPARED = ("manifests", "contexts", "predictions", "scores", "marts", "patient_databases")
OF_ONE_MACHINE = (".sqlite", "-wal", "-shm", ".in-use")


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """A content hash for each artifact or partition that is made from now on."""
    contents: list[str] = []
    receipt_of = artifact.receipt_of

    def noted(fingerprint, result):
        contents.append(result.content)
        return receipt_of(fingerprint, result)

    monkeypatch.setattr(artifact, "receipt_of", noted)
    return contents


@contextmanager
def machine(release: Path, home: Path, store: str) -> Iterator[Graph]:
    """A machine with a home of its own over a store."""
    with open_graph(settings_over(release, home, CLINSEEK_STORE=store)) as graph:
        yield graph


def index_of(store: str) -> dict[str, bytes | None]:
    """What a store says that it has."""
    objects = Objects(store)
    return objects.read_all(sorted(objects.listing("index")))


def files_of(home: Path) -> dict[str, bytes]:
    """Path -> content of all files that machines share."""
    paths = [path for group in COMPARED for path in (home / "assets" / group).rglob("*") if path.is_file()]
    return {
        path.relative_to(home).as_posix(): path.read_bytes() for path in paths if not path.name.endswith(OF_ONE_MACHINE)
    }


def test_what_one_machine_made_is_up_to_date_on_another(tiny_release, tmp_path, made):
    store = f"file://{tmp_path / 'store'}"
    with machine(tiny_release, tmp_path / "a", store) as a:
        a.bring_up_to_date(until="questions")
    assert len(made) == 3
    index = index_of(store)
    made.clear()
    with machine(tiny_release, tmp_path / "b", store) as b:
        home = b.location.home
        stage = b.location.graph.stages[0]
        assert [artifact.behind(home) for artifact in stage.artifacts] == [[], [], []]
        assert files_of(tmp_path / "b").keys() <= {"assets/manifests/text_manifest.parquet"}, "only what was read"
        b.bring_up_to_date(until="questions")
    assert made == []
    assert index_of(store) == index
    assert files_of(tmp_path / "b") == files_of(tmp_path / "a")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_the_whole_graph_of_one_machine_is_up_to_date_on_another(tiny_release, finished_home, tmp_path, made, kind):
    shutil.copytree(finished_home, tmp_path / "a")
    with serving_bucket() if kind == "bucket" else nullcontext(f"file://{tmp_path / 'store'}") as store:
        with machine(tiny_release, tmp_path / "a", store) as a:
            a.bring_up_to_date(subtasks=FEW)
        index = index_of(store)
        made.clear()
        with machine(tiny_release, tmp_path / "b", store) as b:
            b.bring_up_to_date(subtasks=FEW)
            assert made == []
            assert index_of(store) == index
        of_a, of_b = files_of(tmp_path / "a"), files_of(tmp_path / "b")
        assert of_b.items() <= of_a.items()
        assert {name.split("/")[1] for name in of_b} == set(COMPARED)
