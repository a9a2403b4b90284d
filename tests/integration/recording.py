"""Reads raw traces through the program itself (heapledger pack, report and dump) into plain values for the tests."""

import dataclasses
import functools


class Recording:
    def __init__(self, tool, folder):
        self._tool, self._folder = tool, folder

    @functools.cached_property
    def processes(self):
        raise NotImplementedError
