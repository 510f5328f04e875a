select model, mode
from {{ ref('text_leaderboard') }}
where (curated_rank is not null and (curated_coverage < {{ var('least_coverage') }} or kind = 'floor'))
    or (seeking_rank is not null and (seeking_coverage < {{ var('least_coverage') }} or kind = 'floor'))
