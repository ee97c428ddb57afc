"""The file is not YAML.

What: brackets, quotes or indentation that don't fit together; a tab as indentation; a character that YAML forbids.

Why: nothing can be read behind that place. The line is where the reader gave up: often the fault is just above.

Example:

    description: 'It's a fault'

Use instead:

    description: 'It''s right'
"""
