"""Evaluates rules natively on records: compiled once to closures, no engine needed.

`compile` makes the closures, `explain` shows each test's verdict, `run` goes over logs.
"""
