{{ config(meta={'dagster': {'ref': {'name': 'published_multimodal_scores'}}}) }}
-- The card's differences are those of its rounded figures, give or take the rounding of three numbers.
select model, "column" from {{ ref('published_text_scores') }} where abs(seeking - curated - delta) > 0.15
union all
select model, "column" from {{ ref('published_multimodal_scores') }} where abs(seeking - curated - delta) > 0.15
