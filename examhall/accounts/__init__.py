"""Who people are and how they sign in: passwords, tickets, tokens, and who may do what.

Owns `people`, `sign_ins`, `refresh_tokens`, `password_links`, `sign_in_failures` and `tickets`.
"""
