"""What a box and the centre agree on. This room imports no other room of ours."""
