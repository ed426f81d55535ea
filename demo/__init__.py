"""The whole of Mien on one machine: a broker, the centre, one real desk and eleven simulated ones."""
