-- Every question that a model in an arm should have answered: all of the manifest, run or not.
select
    runs.model,
    runs.arm,
    runs.mode,
    questions.subtask,
    questions.task_type,
    questions.row_number
from (select distinct model, arm, mode from {{ source('clinseek', 'text_scores') }}) as runs
cross join {{ source('clinseek', 'text_questions') }} as questions
