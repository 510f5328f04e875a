"""A scaled release: the same benchmark out of many times the rows; whole or not at all, taken up where it broke off."""

import shutil
from pathlib import Path

import pytest

from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.locations.data_class import classify
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.seal.dictionaries import text_dictionaries
from clinseek_assets.release.seal.gathering import questions_of
from clinseek_assets.release.seal.records import record_parts
from clinseek_assets.storage.fingerprint import of_file
from clinseek_assets.synthetic import release as releasing
from clinseek_assets.synthetic import scaled_sources
from clinseek_assets.synthetic.release import SyntheticRelease, make_release
from clinseek_assets.synthetic.scaled_sources import forecast, scale_of
from clinseek_assets.synthetic.vouching import changed_files, read_record
from clinseek_assets_tests.conftest import TINY, open_graph, settings_over

SEED = 3  # that of the tiny release


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): of_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def copied(tiny_release: Path, out: Path) -> Path:
    for folder in releasing.FOLDERS:
        shutil.copytree(tiny_release / folder, out / folder)
    return out


@pytest.fixture(scope="module")
def scaled(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> SyntheticRelease:
    """Five times the tiny release, made where that lies already."""
    out = copied(tiny_release, tmp_path_factory.mktemp("scaled"))
    made = make_release(TINY, out, seed=SEED, scale=scale_of(5))
    shutil.copy(tiny_release / "models.yaml", out)
    return made


def test_the_questions_are_the_same_and_the_tables_have_so_many_times_the_rows(scaled, tiny_release):
    once = make_release(TINY, tiny_release, seed=SEED)
    assert once.reused and (once.scale, scaled.scale) == (1, 5)
    assert hashes(scaled.root / "release" / "text") == hashes(tiny_release / "release" / "text")
    assert scaled.counts == once.counts
    assert scaled.rows["labevents"] == 5 * once.rows["labevents"]
    assert scaled.rows["d_items"] == once.rows["d_items"]
    assert not list(scaled.root.glob(".synthesizing-*"))


def test_the_record_vouches_for_every_file_and_a_second_run_does_no_work(scaled):
    record = read_record(scaled.root / "sources")
    assert record is not None and record.signed and record == read_record(scaled.root / "release")
    assert not changed_files(scaled.root, record)
    assert classify(sorted(scaled.mimic_root.rglob("*.csv.gz"))).data_class == "open"
    assert make_release(TINY, scaled.root, seed=SEED, scale=scale_of(5)).reused


@pytest.mark.slow
def test_patient_databases_and_dictionaries_are_those_of_the_release_as_it_is(
    scaled, tiny_release, finished_home, tmp_path
):
    settings = settings_over(scaled.root, tmp_path / "home")
    with open_graph(settings) as graph:
        graph.bring_up_to_date(until="patient databases")
    assert sealed(settings) == sealed(settings_over(tiny_release, finished_home))


def sealed(settings) -> list:
    questions = questions_of(settings, "text")
    layout = Scope(settings).layout
    parts = record_parts("text", questions, layout.patient_databases("text"), lambda done, total: None)
    found = [*text_dictionaries(layout), *parts]
    assert len(found) > 40 and not any(part.lacking for part in found)
    return found


def test_a_run_that_broke_off_goes_on_with_the_tables_that_are_missing(scaled, tiny_release, tmp_path, monkeypatch):
    out = copied(tiny_release, tmp_path)
    before = hashes(out)
    write, written = scaled_sources.write_scaled, []

    def fail_at_emar(source, table, *arguments, **told):
        if table.name == "emar":
            raise KeyboardInterrupt
        write(source, table, *arguments, **told)

    def note(source, table, *arguments, **told):
        written.append(table.name)
        write(source, table, *arguments, **told)

    monkeypatch.setattr(scaled_sources.os, "cpu_count", lambda: 1)
    monkeypatch.setattr(scaled_sources, "write_scaled", fail_at_emar)
    with pytest.raises(KeyboardInterrupt):
        make_release(TINY, out, seed=SEED, scale=scale_of(5))
    (kept,) = out.glob(".synthesizing-scaled-*")
    finished = {path.name.removesuffix(".csv.gz") for path in kept.glob("scaled/*/*.gz")}
    assert finished and not list(kept.rglob(".unfinished-*"))
    assert {name: digest for name, digest in hashes(out).items() if not name.startswith(".")} == before

    monkeypatch.setattr(scaled_sources, "write_scaled", note)
    assert not make_release(TINY, out, seed=SEED, scale=scale_of(5)).reused
    assert "emar" in written and not set(written) & finished
    assert hashes(out / "sources") == hashes(scaled.root / "sources")


def test_of_some_tables_alone_the_others_stay_as_they_are_and_scale_one_brings_all_back(tiny_release, tmp_path):
    out = copied(tiny_release, tmp_path)
    before = hashes(out)
    made = make_release(TINY, out, seed=SEED, scale=scale_of(2, ("services", "omr")))
    changed = {name for name, digest in hashes(out).items() if before[name] != digest}
    tables = {f"sources/mimic_iv/hosp/{name}.csv.gz" for name in ("services", "omr")}
    assert changed == tables | {f"{folder}/SYNTHETIC.json" for folder in releasing.FOLDERS}
    assert made.scale == 2
    assert hashes(tiny_release / "release") == {
        name.removeprefix("release/"): digest for name, digest in before.items() if name.startswith("release/")
    }
    assert not make_release(TINY, out, seed=SEED).reused
    assert hashes(out) == before


def test_a_disk_without_the_room_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(scaled_sources, "free_bytes", lambda _: 10**7)
    with pytest.raises(Fault, match=r"GB would be written, and 0\.0 GB are free") as refused:
        make_release(TINY, tmp_path, seed=SEED, scale=scale_of(100))
    assert "--scale" in refused.value.mend
    assert not list(tmp_path.rglob("*.gz"))


def test_the_forecast_comes_near_what_is_written(scaled):
    told = forecast(TINY.patients, SEED, scale_of(5), scaled.root)
    size = sum(path.stat().st_size for path in scaled.mimic_root.rglob("*.csv.gz"))
    assert 0.7 < told.size / size < 1.3
    assert 0.9 < told.rows / sum(scaled.rows.values()) < 1.1


@pytest.mark.parametrize(("times", "tables"), [(0, ()), (5, ("labevnts",)), (5, ("d_items",))])
def test_what_is_no_scale_is_a_fault(times, tables):
    with pytest.raises(SettingsFault):
        scale_of(times, tables)
