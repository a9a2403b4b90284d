"""A million instances of two classes, one derived from the other, all alive at the peak."""

import sys


class Item:
    def __init__(self, number):
        self.number = number
        self.title = None


class Book(Item):
    def __init__(self, number):
        super().__init__(number)
        self.price = number
        self.stock = self.sold = 0


COUNT = int(sys.argv[1])
kept = [Book(i) for i in range(COUNT * 4 // 5)] + [Item(i) for i in range(COUNT // 5)]
