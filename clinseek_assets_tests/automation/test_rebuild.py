"""An interrupted step is told from a failed one: after the former nothing further is begun."""

from __future__ import annotations

import dagster as dg
import pytest

from clinseek_assets.automation.stage_work import failures, interrupted


@pytest.mark.parametrize(("error", "is_interrupt"), [(KeyboardInterrupt, True), (ValueError, False), (None, False)])
def test_interrupts_are_told_from_failures(error: type[BaseException] | None, is_interrupt: bool) -> None:
    @dg.asset
    def made() -> None:
        if error is not None:
            raise error

    job = dg.Definitions(assets=[made]).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(raise_on_error=False)
    assert interrupted(result) is is_interrupt
    assert bool(failures(result)) is (error is not None)
