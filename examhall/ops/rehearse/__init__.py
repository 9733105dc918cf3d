"""Plays an exam day against a copy of a real exam. Owns no table: what it writes is in a database of its own.

Only `generator.py` and `candidate.py` know Locust and gevent, and they run in processes of their own.
"""
