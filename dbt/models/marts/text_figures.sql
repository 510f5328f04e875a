-- Risk, Decision and Overall.
{{ figures('text', 'task_type') }}
