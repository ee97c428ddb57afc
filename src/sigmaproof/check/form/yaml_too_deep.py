"""Values are nested deeper than 50 levels.

What: lists in lists, or maps in maps, without end. No rule is nested like that; readers of YAML crash on it.

Why: such a file is made to stop a program, or by a broken one.

Example:

    detection: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
