"""Makes one picture smaller, as a child process: `python -m webapp.resizer SIDE`.

Decoding a large picture takes a second of the processor's time, in which the site could answer
nobody. The picture file comes on standard input, its smaller version goes to standard output.
"""

from __future__ import annotations

import sys

from webapp.renditions import encode


def main() -> None:
    """Make what comes on standard input smaller."""
    sys.stdout.buffer.write(encode(sys.stdin.buffer.read(), int(sys.argv[1])))


if __name__ == "__main__":
    main()
