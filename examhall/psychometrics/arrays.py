"""The kinds of arrays that the psychometrics pass around."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Bytes: TypeAlias = NDArray[np.uint8]
# Persons by items: 1 right, 0 wrong, -1 not presented.
Marks: TypeAlias = NDArray[np.int8]
