"""How often a background job is tried that failed."""

from procrastinate import RetryStrategy

# Pauses of 2, 4, 8, ... s: over half an hour in all, so a job outlives a restart of the database.
# Not for what comes again every minute by itself: the next waits under the same queueing lock by then, a try
# could not be queued beside it, and the job would stay 'doing' and hold its lock for ever.
TRIES = RetryStrategy(max_attempts=10, exponential_wait=2)
