"""Keeps a page for every request and forgets nothing; everything else it makes is short-lived, or there from the start."""

import time


class Page:
    def __init__(self, number):
        self.text = "page %d " % number * 50


known = [Page(number) for number in range(2000)]    # at: from the start
pages = {}
end = time.monotonic() + 0.4
number = 0
while time.monotonic() < end:
    page = Page(number)
    pages[number] = page                            # at: table
    waste = [Page(i) for i in range(20)]
    number += 1
    time.sleep(0.0002)
