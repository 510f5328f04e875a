-- In the multimodal split a subtask is one of the six groups, and its rows may be of two released tasks.
select
    asked.split,
    asked.model,
    asked.arm,
    asked.mode,
    if(asked.split = 'text', asked.task_type, 'multimodal') as task_type,
    asked.subtask,
    count(*) as questions,
    count(scores.f1) as n,
    count(scores.f1) / count(*) as coverage,
    avg(scores.precision) as precision,
    avg(scores.recall) as recall,
    avg(scores.f1) as f1,
    any_value(intervals.low) as low,
    any_value(intervals.high) as high,
    any_value(intervals.patients) as patients,
    any_value(intervals.small) as small,
    coalesce(sum(scores.f1), 0) / count(*) as f1_if_missing_wrong,
    (coalesce(sum(scores.f1), 0) + count(*) - count(scores.f1)) / count(*) as f1_if_missing_right,
    avg(scores.f1) filter (where not scores.decided) as f1_undecided,
    count(scores.f1) filter (where scores.decided) as n_decided,
    count(asked.is_yes) as yes_no_questions,
    count(*) filter (where asked.is_yes) as yes_questions,
    {% for undecided, which in {'': '', '_undecided': ' and not scores.decided'}.items() %}
    avg(scores.exact_match) filter (where asked.is_yes{{ which }}) as sensitivity{{ undecided }},
    avg(scores.exact_match) filter (where not asked.is_yes{{ which }}) as specificity{{ undecided }},
    -- Unknown where either answer is nobody's.
    (sensitivity{{ undecided }} + specificity{{ undecided }}) / 2 as balanced_accuracy{{ undecided }},
    {% endfor %}
from {{ ref('asked') }} as asked
left join {{ ref('question_scores') }} as scores using (split, model, arm, mode, row_number)
left join {{ ref('intervals') }} as intervals
    on intervals.split = asked.split
    and intervals.model = asked.model
    and intervals.arm = asked.arm
    and intervals.mode = asked.mode
    and intervals.column = asked.subtask
group by all
order by asked.split desc, asked.model, asked.arm, asked.mode, task_type desc, asked.subtask
