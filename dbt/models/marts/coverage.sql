with figures as (
    select 'text' as split, * from {{ ref('text_figures') }}
    union all
    select 'multimodal' as split, * from {{ ref('multimodal_figures') }}
)

select
    split,
    model,
    arm,
    "column",
    questions,
    n,
    questions - n as missing,
    coverage,
    coverage >= {{ var('least_coverage') }} as ranked,
    f1 as f1,
    f1_if_missing_wrong,
    f1_if_missing_right
from figures
where mode = 'strict'
order by split desc, model, arm, "column"
