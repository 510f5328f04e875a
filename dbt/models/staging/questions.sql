-- The questions of both splits; row numbers are of each split's own manifest.
select 'text' as split, row_number, subtask, task_type, decided, is_yes
from {{ source('clinseek', 'text_questions') }}
union all
select 'multimodal' as split, row_number, subtask, task_type, decided, is_yes
from {{ source('clinseek', 'multimodal_questions') }}
