"""More than 100 filters apply to one rule.

What: each filter adds its selections and its condition to the rule.

Why: a query that long is refused by the engines. Join the selections to fewer filters.
"""
