"""What general compressors make of a text: the yardstick beside a language model's bits a character.

Knows bytes and the compressors of the standard library. Used by the demo.
"""

import bz2
import gzip
import lzma
from collections.abc import Callable

_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, compresslevel=9, mtime=0),
    "bz2": lambda data: bz2.compress(data, compresslevel=9),
    "xz": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
}


def compression_bits(text: str, *, given: str = "") -> dict[str, float]:
    """Bits a character that gzip, bz2 and xz need for a text, after having been given another text first.

    With `given`, the cost is the size of both together less that of the given text alone. gzip sees back 32 KiB only
    and bz2 900 kB, so that for them much of what is given is out of sight.
    """
    data, before = text.encode("utf-8"), given.encode("utf-8")
    return {
        name: 8 * (len(compress(before + data)) - (len(compress(before)) if before else 0)) / max(len(text), 1)
        for name, compress in _COMPRESSORS.items()
    }
