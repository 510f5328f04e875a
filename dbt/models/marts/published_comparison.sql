-- Each published figure beside ours (`compat` scores, the published rule), in percentage points. The questions are the
-- same, so the difference is descriptive: no interval of ours answers whether theirs lies in it.
with published as (
    unpivot (select model, "column", seeking, curated from {{ ref('published_text_scores') }})
    on seeking, curated into name setting value published
),

every_cell as (
    select model, "column", setting
    from (select distinct model, "column" from {{ ref('published_text_scores') }})
    cross join (values ('seeking'), ('curated')) as settings (setting)
)

select
    every_cell.model,
    every_cell.column,
    every_cell.setting,
    published.published,
    100 * figures.f1 as ours,
    100 * figures.f1 - published.published as difference,
    figures.n,
    figures.coverage
from every_cell
left join published using (model, "column", setting)
left join {{ ref('text_figures') }} as figures
    on lower(figures.model) = lower(every_cell.model)
    and figures.column = every_cell.column
    and figures.mode = 'compat'
    -- The published agent saw the record under the published rule of time.
    and figures.arm = case every_cell.setting when 'seeking' then 'seeking_compat' else 'curated' end
order by every_cell.model, every_cell.column, every_cell.setting
