"""Times of day on the region's clock."""

from datetime import time
from typing import Annotated

from pydantic import WithJsonSchema

# JSON Schema's own "time" (RFC 3339) has an offset, which a time on the wall has not.
PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
WallTime = Annotated[time, WithJsonSchema({"type": "string", "pattern": PATTERN})]
