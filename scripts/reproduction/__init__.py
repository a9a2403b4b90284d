"""Reproduces a document's seven measurements from outside; scripts/reproduce is the way in."""
