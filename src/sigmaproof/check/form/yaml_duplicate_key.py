"""A key stands twice in one map.

What: two selections of one name, or two tests of one field in a selection.

Why: most readers of YAML, those of other Sigma tools too, keep the last one and say nothing: half of the rule is gone,
and the query that is deployed looks for the other half only. Put the values into one list, or, where both must hold,
into two selections.

Example:

    detection:
        selection:
            eventName: DeleteTrail
            eventName: StopLogging
        condition: selection

Use instead:

    detection:
        selection:
            eventName:
                - DeleteTrail
                - StopLogging
        condition: selection
"""
