"""Questions by the published rules from any MIMIC-IV root: survey, draw, candidates, rows, report."""
