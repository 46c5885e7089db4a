"""The world outside, one folder for each thing the use cases need from it; a file is a technology."""
