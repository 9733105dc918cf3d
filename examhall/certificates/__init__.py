"""What certificates look like, who holds which, and how anybody can tell that they are genuine.

Owns certificates, certificate_templates and their versions, _rules, _batches, _reviews and _status_lists, and
signing_keys.
"""
