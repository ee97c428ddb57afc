"""`timeframe` is ignored.

What: it belonged to aggregations in conditions, which Sigma 2 replaced by correlations.

Why: who reads the rule believes that something is counted. Leave it out, or write a correlation with a `timespan`.

Example:

    detection:
        selection:
            eventName: CreateRole
        timeframe: 5m
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
