"""From a trained network to what runs on the box."""
