"""`examhall preflight`: is this installation ready for an exam day? Owns no table.

Each check is a function of what it is given and gives one finding: pass, warn or fail, what was found, and
how to mend it. examhall/preflight.py calls them all.
"""
