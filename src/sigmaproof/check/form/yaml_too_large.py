"""The file, or one of its documents, is larger than any rule.

What: more than 2,000,000 bytes, 1,000 documents or 100,000 values in one file.

Why: rules come from others. What reads them must end soon, whatever they hold. Split the file.
"""
