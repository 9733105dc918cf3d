"""A real OpenID provider in a process of its own: `python -m tests.provider` says its port and serves."""

import json
import logging
import sys

from oidc_provider_mock import User, run_server_in_thread

USERS = [
    User(sub="alice", claims={"name": "Alice Example", "email": "alice@example.org", "email_verified": True}),
    User(sub="bob", claims={"name": "Bob"}),
    # With the Kelvin sign in the place of the k.
    User(sub="kelvin", claims={"name": "K", "email": "\u212aate@example.org", "email_verified": True}),
]

if __name__ == "__main__":
    logging.disable()
    with run_server_in_thread(port=0, require_nonce=True, user_claims=USERS) as server:
        print(json.dumps(server.server_port), flush=True)
        # Until whoever started it is gone.
        sys.stdin.read()
