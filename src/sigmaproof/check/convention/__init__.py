"""Is a rule written as people who share rules agreed on: SigmaHQ's conventions, and pySigma's validators."""
