-- The six groups, and Overall over all rows.
{{
    leaderboard(
        'multimodal',
        {
            'finding_presence': 'finding_presence',
            'finding_enumeration': 'finding_enumeration',
            'change_comparison': 'change_comparison',
            'mortality_24h': 'mortality_24h',
            'inpatient_mortality': 'inpatient_mortality',
            'phenotype': 'phenotype',
            'overall': 'overall'
        },
        column_of='subtask'
    )
}}
