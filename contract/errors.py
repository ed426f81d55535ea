"""The contract's own error: all that decoding a message or a document, building or verifying one may raise."""


class ContractError(ValueError):
    """A message or a value breaks the contract. The text says in one short line what, where, and what to do."""


def first_line(error: Exception) -> str:
    """The error in printable ASCII: what a hostile message put there must not reach a terminal or forge a log line."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return "".join(letter if " " <= letter <= "~" else "?" for letter in line)[:200]
