"""Every scenario of features/, driven through the HTTP API and the consumers."""

from pytest_bdd import scenarios

scenarios(".")
