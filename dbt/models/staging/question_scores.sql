-- One row a question, model, arm and rule: the runs of a question are averaged, and a run without a score is missing.
select
    scores.split,
    scores.model,
    scores.arm,
    scores.mode,
    questions.subtask,
    questions.task_type,
    scores.row_number,
    coalesce(questions.decided, false) as decided,
    avg(scores.precision) filter (where scores.scored) as precision,
    avg(scores.recall) filter (where scores.scored) as recall,
    avg(scores.f1) filter (where scores.scored) as f1,
    avg(scores.exact_match) filter (where scores.scored) as exact_match
from {{ ref('scores') }} as scores
inner join {{ ref('questions') }} as questions using (split, row_number)
group by all
