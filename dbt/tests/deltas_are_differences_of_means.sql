{{ config(meta={'dagster': {'ref': {'name': 'paired_deltas'}}}) }}
-- The statistics and SQL agree: a difference is that of the two arms' means over the questions that both answered.
select paired.split, paired.model, paired.mode, paired.contrast, paired.column, paired.weighting
from {{ ref('paired_deltas') }} as paired
where not coalesce(abs(paired.first_f1 - paired.second_f1 - paired.delta) <= 1e-9, false)
