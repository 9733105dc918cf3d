"""The seed's gunicorn.conf.py, word for word but for the address: we hand over an open socket."""

import multiprocessing
import os

# Workers
workers = multiprocessing.cpu_count() * 2 + 1
worker_class = "gthread"
threads = 4

# Connections
worker_connections = 1000
max_requests = 1000
max_requests_jitter = 50

# Timeouts
timeout = 120
graceful_timeout = 30
keepalive = 5

# Logging
accesslog = "-"
errorlog = "-"
loglevel = "warning"

# Bind
bind = f"fd://{os.environ['BASELINE_FD']}"
