"""JSON documents that lie in files, as manifests and trust files do: typed like messages, bounded, indented for people.

The rooms read the files, each in its own way; here is what their bytes may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from contract.errors import ContractError, first_line

D = TypeVar("D", bound=msgspec.Struct)


def encode(document: msgspec.Struct) -> bytes:
    """The document as indented JSON; the same document gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


@dataclass(frozen=True)
class Form(Generic[D]):
    """One form of document: its struct, its name in errors, the most bytes it has, and what to do about a wrong one."""

    kind: type[D]
    name: str
    most: int
    remedy: str

    def decode(self, data: bytes) -> D:
        """The document of these bytes. Raises ContractError; whoever knows the file puts its name in front."""
        if len(data) > self.most:
            raise ContractError(f"is no {self.name}: it has over {self.most} bytes; {self.remedy}")
        try:
            return msgspec.json.decode(data, type=self.kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ContractError(
                f"not a {self.name} that this version reads: {first_line(error)}; {self.remedy}"
            ) from None
