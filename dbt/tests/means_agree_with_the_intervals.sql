{{ config(meta={'dagster': {'ref': {'name': 'text_figures'}}}) }}
-- SQL here and the statistics there compute the same means independently.
select figures.model, figures.arm, figures.mode, figures.column
from {{ ref('text_figures') }} as figures
left join {{ source('clinseek', 'text_intervals') }} as intervals
    using (model, arm, mode, "column")
where figures.n > 0
    and intervals.weighting = 'micro'
    and (intervals.n <> figures.n or abs(intervals.f1 - figures.f1) > 1e-9)
