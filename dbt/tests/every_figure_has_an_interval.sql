-- A figure over two patients or more has an interval that holds it.
select model, arm, mode, "column"
from {{ ref('text_figures') }}
where n > 0 and coalesce(patients, 0) <> 1 and not coalesce(f1 between low - 1e-12 and high + 1e-12, false)
