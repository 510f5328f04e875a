-- Each published figure beside ours (`compat` scores, the published rule), in percentage points. The questions are the
-- same, so the difference is descriptive: no interval of ours answers whether theirs lies in it. A `compat` score of the
-- multimodal split may lack what only a judge could decide: see its coverage.
with listed as (
    select 'text' as split, * from {{ ref('published_text_scores') }}
    union all
    select 'multimodal' as split, * from {{ ref('published_multimodal_scores') }}
),

published as (
    unpivot (select split, model, "column", seeking, curated from listed)
    on seeking, curated into name setting value published
),

every_cell as (
    select split, model, "column", setting
    from (select distinct split, model, "column" from listed)
    cross join (values ('seeking'), ('curated')) as settings (setting)
),

figures as (
    select 'text' as split, * from {{ ref('text_figures') }}
    union all
    select 'multimodal' as split, * from {{ ref('multimodal_figures') }}
)

select
    every_cell.split,
    every_cell.model,
    every_cell.column,
    every_cell.setting,
    published.published,
    100 * figures.f1 as ours,
    100 * figures.f1 - published.published as difference,
    figures.n,
    figures.coverage
from every_cell
left join published using (split, model, "column", setting)
left join figures
    on figures.split = every_cell.split
    and lower(figures.model) = lower(every_cell.model)
    and figures.column = every_cell.column
    and figures.mode = 'compat'
    -- The published agent saw the record under the published rule of time.
    and figures.arm = case every_cell.setting when 'seeking' then 'seeking_compat' else 'curated' end
order by every_cell.split desc, every_cell.model, every_cell.column, every_cell.setting
