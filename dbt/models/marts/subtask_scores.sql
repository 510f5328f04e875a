select
    asked.model,
    asked.arm,
    asked.mode,
    asked.task_type,
    asked.subtask,
    count(*) as questions,
    count(scores.f1) as n,
    count(scores.f1) / count(*) as coverage,
    avg(scores.precision) as precision,
    avg(scores.recall) as recall,
    avg(scores.f1) as f1,
    any_value(intervals.low) as low,
    any_value(intervals.high) as high,
    coalesce(sum(scores.f1), 0) / count(*) as f1_if_missing_wrong,
    (coalesce(sum(scores.f1), 0) + count(*) - count(scores.f1)) / count(*) as f1_if_missing_right,
    avg(scores.f1) filter (where not scores.decided) as f1_undecided,
    count(scores.f1) filter (where scores.decided) as n_decided
from {{ ref('asked') }} as asked
left join {{ ref('question_scores') }} as scores using (model, arm, mode, row_number)
left join {{ source('clinseek', 'text_intervals') }} as intervals
    on intervals.model = asked.model
    and intervals.arm = asked.arm
    and intervals.mode = asked.mode
    and intervals.column = asked.subtask
group by all
order by asked.model, asked.arm, asked.mode, asked.task_type desc, asked.subtask
