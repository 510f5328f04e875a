select
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
from {{ ref('text_figures') }}
where mode = 'strict'
order by model, arm, "column"
