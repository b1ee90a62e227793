"""``python -m meshwright.spec.compatibility > docs/compatibility.md``."""

import sys

from meshwright.spec.compatibility.page import page

sys.stdout.write(page())
