"""What all rows of a region pack share."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Sex = Literal["male", "female"]
Count = Annotated[int, Field(ge=0)]
Fen = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
CountyCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
TownshipCode = Annotated[str, Field(pattern=r"^[0-9]{9}$")]


def _blank_to_none(value: Any) -> Any:
    return None if value == "" else value


Blank = BeforeValidator(_blank_to_none)


class Fact(BaseModel):
    """A frozen row; a column that its class does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
