-- Every question that a model in an arm should have answered: all of the split's manifest, run or not.
select
    runs.split,
    runs.model,
    runs.arm,
    runs.mode,
    questions.subtask,
    questions.task_type,
    questions.row_number,
    questions.is_yes
from (select distinct split, model, arm, mode from {{ ref('scores') }}) as runs
inner join {{ ref('questions') }} as questions using (split)
