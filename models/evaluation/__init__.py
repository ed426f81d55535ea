"""What a bundle's expression network is worth: scores on files of faces, by population, spoilt, and by quality."""
