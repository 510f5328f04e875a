"""What was known when: the rules of the `strict` policy, as data."""
