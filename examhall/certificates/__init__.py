"""What certificates look like, who holds which, and how anybody can tell that they are genuine.

Owns certificate_templates, certificate_template_versions, certificate_rules, certificate_batches, certificates and
signing_keys.
"""
