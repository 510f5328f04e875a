{{ config(meta={'dagster': {'ref': {'name': 'paired_deltas'}}}) }}
-- A difference lies in -1 to 1 and in its interval, a correction never lowers a p, each arm's mean lies in its bounds,
-- and no more questions are compared than the arm with fewer answers has.
select split, model, mode, contrast, "column", weighting
from {{ ref('paired_deltas') }}
where not coalesce(delta between -1 and 1, false)
    or not coalesce(delta between low - 1e-12 and high + 1e-12, patients < 2)
    or boot_low > boot_high
    or low < -1
    or high > 1
    or p_holm < p
    or p_bh < p
    or patients > n
    or mde < 0
    or (p is null and patients > 1)
    or first_if_missing_wrong > first_if_missing_right + 1e-12
    or second_if_missing_wrong > second_if_missing_right + 1e-12
    or least(rows_published_only, values_published_only, rows_strict_only) < 0
    or (differs_in = 'seeker' and coalesce(rows_published_only, values_published_only, rows_strict_only) is not null)
