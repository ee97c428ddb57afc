"""A filter applies to none of the rules that were given.

What: no rule has an id or a name that its `rules` lists, or the rule has another log source.

Why: the alerts that it was to suppress go on. Often the rule has a new id, or was not given to this run.

Example:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
    ---
    title: Our own automation
    logsource:
        product: aws
    filter:
        rules:
            - 00000000-0000-4000-8000-000000000000
        selection:
            userIdentity.arn|endswith: :role/automation
        condition: not selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
    ---
    title: Our own automation
    logsource:
        product: aws
    filter:
        rules:
            - 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11
        selection:
            userIdentity.arn|endswith: :role/automation
        condition: not selection
"""
