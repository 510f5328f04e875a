{{ config(meta={'dagster': {'ref': {'name': 'paired_deltas'}}}) }}
-- Whoever answered a question in both arms of a contrast has its difference, overall and in the question's subtask.
with pairs as (
    select distinct first.split, first.model, first.mode, arms.contrast, unnest([first.subtask, 'overall']) as "column"
    from {{ ref('contrasted_arms') }} as arms
    inner join {{ ref('question_scores') }} as first on first.arm = arms.first_arm
    inner join {{ ref('question_scores') }} as second
        on second.arm = arms.second_arm
        and second.split = first.split
        and second.model = first.model
        and second.mode = first.mode
        and second.row_number = first.row_number
    where first.f1 is not null and second.f1 is not null
)

select pairs.*
from pairs
left join {{ ref('paired_deltas') }} as paired using (split, model, mode, contrast, "column")
where paired.delta is null
