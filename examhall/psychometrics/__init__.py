"""The maths of marking: pure functions over arrays whose rows are persons and columns items. No tables."""

import os

# Before NumPy is first imported. The matrices multiplied here are small, and NumPy's threads wait for each
# other: on a machine busy with an exam that made an analysis many times slower, and never much faster.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
