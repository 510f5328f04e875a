-- Risk, Decision, Overall.
{{
    leaderboard(
        'text',
        {'risk': 'risk_prediction', 'decision': 'decision_making', 'overall': 'overall'},
        column_of='task_type',
        undecided=['risk']
    )
}}
