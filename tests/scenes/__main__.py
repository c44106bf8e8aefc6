"""Record what every scene says now."""

from tests.scenes import MODULES, record

for module in MODULES:
    record(module)
