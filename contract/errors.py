"""The contract's own error: all that decoding a message or building one may raise."""


class ContractError(ValueError):
    """A message or a value breaks the contract. The text says in one short line what, where, and what to do."""
