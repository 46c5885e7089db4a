"""The world outside, one folder for each thing that the use cases need from it."""
