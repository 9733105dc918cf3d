"""What-if analyses on results.

Owns projects and their members, scenarios and their versions, calculations and standard settings.
"""
