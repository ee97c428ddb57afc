"""A value, a modifier or a field that has no meaning in a rule.

What: an unknown modifier; a value of another type than its modifier takes; an empty list, map or text where that
matches everything or nothing; `null` in a list; a map as a value; a network that is none; a text that can't be encoded.
The message says what to write instead.

Why: other tools read `contains: ''` as a search for anything at all, and an empty list as "the field is missing": what
nobody meant goes live.

Example:

    detection:
        selection:
            eventName|beginswith: Create
        condition: selection

Use instead:

    detection:
        selection:
            eventName|startswith: Create
        condition: selection
"""
