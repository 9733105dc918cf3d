"""Why a command of the command line cannot go on."""


class Hindrance(Exception):
    """Something an operator can mend. The message is one they can act on; no traceback is shown."""
