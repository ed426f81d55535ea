"""What IT lays on a box: held to the code, and tried over fakes where it takes root and devices."""
