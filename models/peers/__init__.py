"""Other people's models beside which ours are measured: one script each, run by an interpreter that has them."""
