"""Only what changed is decoded again, whatever stopped the run before."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clinseek_assets.imaging import receipts, verifier
from clinseek_assets.imaging.verification import Verified, verify
from clinseek_assets.imaging.verifier import KEPT_TOGETHER, Verifier
from clinseek_assets_tests.imaging.films import encoded, grey, put


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are really decoded."""
    names: list[str] = []

    def watched(path: Path) -> Verified:
        names.append(path.name)
        return verify(path)

    monkeypatch.setattr(verifier, "verify", watched)
    return names


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [put(tmp_path / "films" / f"{number}.jpg", encoded(grey(seed=number))) for number in range(5)]


def test_a_second_run_decodes_nothing_and_says_the_same(tmp_path: Path, paths: list[Path], decoded: list[str]) -> None:
    paths[1].write_bytes(b"")
    kept = tmp_path / "private" / "verified.sqlite"
    first = Verifier(kept).verified([*paths, paths[0]])
    assert sorted(decoded) == [path.name for path in paths]
    decoded.clear()
    assert Verifier(kept).verified(paths) == first
    assert decoded == []
    assert [first[path].status for path in paths] == ["ok", "empty", "ok", "ok", "ok"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_what_changed_is_decoded_again(tmp_path: Path, paths: list[Path], decoded: list[str]) -> None:
    kept = tmp_path / "verified.sqlite"
    Verifier(kept).verified(paths)
    decoded.clear()
    paths[0].write_bytes(paths[0].read_bytes()[:-40])  # another size
    os.utime(paths[1], ns=(1, 1))  # another time
    put(new := tmp_path / "new.jpg", paths[2].read_bytes())
    os.utime(new, ns=(paths[2].stat().st_atime_ns, paths[2].stat().st_mtime_ns))
    new.replace(paths[2])  # another file of the same size and time
    results = Verifier(kept).verified(paths)
    assert sorted(decoded) == ["0.jpg", "1.jpg", "2.jpg"]
    assert results[paths[0]].status == "truncated"


def test_what_may_pass_is_tried_again(tmp_path: Path, decoded: list[str]) -> None:
    path = tmp_path / "film.jpg"
    kept = tmp_path / "verified.sqlite"
    assert Verifier(kept).verified([path])[path].status == "missing"
    put(path)
    assert Verifier(kept).verified([path])[path].status == "ok"


def test_new_rules_make_old_results_void(
    tmp_path: Path, paths: list[Path], decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "verified.sqlite"
    Verifier(kept).verified(paths)
    decoded.clear()
    monkeypatch.setattr(receipts, "_rules", lambda: "other rules")
    Verifier(kept).verified(paths)
    assert len(decoded) == len(paths)


def test_a_run_that_is_stopped_keeps_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    many = [put(tmp_path / f"{number}.jpg") for number in range(KEPT_TOGETHER + 10)]
    kept = tmp_path / "verified.sqlite"

    def stop(done: int, total: int) -> None:
        if done == KEPT_TOGETHER + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Verifier(kept, threads=1).verified(many, stop)
    decoded.clear()
    told: list[tuple[int, int]] = []
    Verifier(kept).verified(many, lambda done, total: told.append((done, total)))
    assert len(decoded) <= 7
    assert told[0][0] >= KEPT_TOGETHER + 3 and told[-1] == (len(many), len(many))


def test_a_file_of_receipts_that_is_none_is_replaced(tmp_path: Path, paths: list[Path]) -> None:
    kept = put(tmp_path / "verified.sqlite", b"this is no database" * 100)
    assert Verifier(kept).verified(paths)[paths[0]].status == "ok"
    assert Verifier(kept).verified(paths)[paths[0]].status == "ok"
