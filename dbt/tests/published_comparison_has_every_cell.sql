-- 12 models, 2 settings, 3 columns.
select count(*) as cells
from {{ ref('published_comparison') }}
having count(*) <> 72 or count(distinct model) <> 12
