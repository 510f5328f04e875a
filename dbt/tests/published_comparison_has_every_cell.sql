-- Text: 12 models, 2 settings, 3 columns. Multimodal: 6 models, 2 settings, 7 columns.
with counted as (
    select split, count(*) as cells, count(distinct model) as models
    from {{ ref('published_comparison') }}
    group by split
)

select expected.split
from (values ('text', 72, 12), ('multimodal', 84, 6)) as expected (split, cells, models)
left join counted using (split)
where counted.cells is distinct from expected.cells or counted.models is distinct from expected.models
