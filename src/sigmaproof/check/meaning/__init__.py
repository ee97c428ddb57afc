"""Can a rule match, can it be quiet, and does each part of it do something?"""
