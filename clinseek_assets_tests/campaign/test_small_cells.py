"""What few patients' figures would tell is left out, also what others would give away."""

from __future__ import annotations

from clinseek_assets.campaign.small_cells import LEFT_OUT, counts_shown, shown


def test_a_figure_of_few_patients_is_left_out() -> None:
    assert [shown(0.5, patients, 11) for patients in (0, 1, 10, 11)] == [0.5, LEFT_OUT, LEFT_OUT, 0.5]
    assert shown(0.5, 1, 1) == 0.5


def test_one_hidden_count_takes_the_next_smallest_with_it() -> None:
    patients = {"finished": 90, "salvaged": 20, "refused": 3}
    counts = {"finished": 100, "salvaged": 30, "refused": 3}
    assert counts_shown(counts, patients, 11) == {"finished": 100, "salvaged": LEFT_OUT, "refused": LEFT_OUT}


def test_two_hidden_counts_hide_each_other_and_open_data_hides_nothing() -> None:
    patients = {"finished": 90, "truncated": 2, "refused": 3}
    counts = {"finished": 100, "truncated": 4, "refused": 3}
    assert counts_shown(counts, patients, 11) == {"finished": 100, "truncated": LEFT_OUT, "refused": LEFT_OUT}
    assert counts_shown(counts, patients, 1) == counts
