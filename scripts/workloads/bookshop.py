#!/usr/bin/env python3
"""A small but real service to record: a bookshop that loads a catalogue, answers searches and takes orders.

Everything is made from a seed, so two runs allocate the same. It has the usual suspects of a Python service: JSON
documents that are kept after parsing, a class hierarchy with one instance a row, an SQLite database, an index built of
sets and tuples, a cache without a bound, and reports that allocate a lot and keep nothing.

Usage: bookshop.py [--books N] [--customers N] [--orders N]
"""

import argparse
import collections
import contextlib
import decimal
import functools
import heapq
import json
import random
import sqlite3
import sys
import textwrap
import time

WORDS = (
    "amber anchor apple arrow autumn beacon bridge candle canyon castle cedar chalk cipher circle cloud clover copper "
    "coral crane crystal dawn delta desert distant dragon ember engine falcon feather field flint forest fountain "
    "garden garnet glacier glass granite harbor hazel hidden hollow horizon island ivory jasmine jungle juniper lantern "
    "ledger linen little maple marble meadow mirror moon morning moss mountain north ocean orchard orchid painted "
    "paper pearl pepper pine planet prairie quiet rain raven river saffron salt sand scarlet secret shadow shore "
    "silent silver spark spring stone storm summer thistle thunder timber tower valley velvet violet walnut water "
    "whisper wild willow winter wolf wonder"
).split()
SUBJECTS = ("fiction", "history", "science", "poetry", "travel", "cooking", "art", "music", "nature", "philosophy")
FIRST_NAMES = ("Ada", "Ben", "Chloe", "David", "Emma", "Felix", "Grace", "Hugo", "Iris", "Jonas", "Kim", "Lena")
LAST_NAMES = ("Abel", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haas", "Ito", "Jansen", "Kovac")


# ------------------------------------------------------------------------------------------------ the catalogue

class Product:
    """What can be sold: a price, a stock, and its own rule for discounts."""

    discount = decimal.Decimal("0.00")

    def __init__(self, number, title, price, stock):
        self.number = number
        self.title = title
        self.price = price
        self.stock = stock
        self.sold = 0

    def price_for(self, quantity):
        return self.price * quantity * (1 - self.discount)

    def take(self, quantity):
        if quantity > self.stock:
            raise OutOfStock(self.number, quantity, self.stock)
        self.stock -= quantity
        self.sold += quantity

    def put_back(self, quantity):
        self.stock += quantity
        self.sold -= quantity


class Book(Product):
    def __init__(self, document):
        price = decimal.Decimal(document["price"])
        super().__init__(document["isbn"], document["title"], price, document["stock"])
        self.authors = tuple(document["authors"])
        self.subjects = frozenset(document["subjects"])
        self.summary = document["summary"]
        self.ratings = [rating["stars"] for rating in document["ratings"]]

    @property
    def rating(self):
        return sum(self.ratings) / len(self.ratings) if self.ratings else 0.0


class Paperback(Book):
    discount = decimal.Decimal("0.05")


class Hardcover(Book):
    def price_for(self, quantity):
        full = super().price_for(quantity)
        return full * decimal.Decimal("0.90") if quantity >= 3 else full


class ElectronicBook(Book):
    """Never out of stock."""

    def take(self, quantity):
        self.sold += quantity

    def put_back(self, quantity):
        self.sold -= quantity


KINDS = {"paperback": Paperback, "hardcover": Hardcover, "electronic": ElectronicBook}


class OutOfStock(Exception):
    def __init__(self, number, wanted, stock):
        super().__init__(f"{number}: {wanted} wanted, {stock} left")
        self.number = number
        self.missing = wanted - stock


def publisher_feed(rng, books):
    """The catalogue as the publisher sends it: one JSON document a line."""
    for index in range(books):
        words = rng.sample(WORDS, 6)
        yield json.dumps({
            "isbn": f"978-{index:07d}-{index % 11:X}",
            "kind": rng.choice(tuple(KINDS)),
            "title": " ".join(words[:3]).title(),
            "authors": [f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}" for _ in range(rng.randint(1, 3))],
            "subjects": rng.sample(SUBJECTS, rng.randint(1, 3)),
            "price": f"{rng.randint(500, 6000) / 100:.2f}",
            "stock": rng.randint(0, 40),
            "summary": " ".join(rng.choices(WORDS, k=14)).capitalize() + ".",
            "ratings": [{"customer": rng.randint(1, 5000), "stars": rng.randint(1, 5)} for _ in range(rng.randint(0, 6))],
        })


class Catalogue:
    """All books by number, and an index from words to the books whose title or summary hold them."""

    def __init__(self):
        self.books = {}
        self.documents = {}  # kept "for debugging": what a memory report should point at
        self.index = collections.defaultdict(set)

    def load(self, feed):
        for line in feed:
            document = json.loads(line)
            book = KINDS[document["kind"]](document)
            self.books[book.number] = book
            self.documents[book.number] = document
            self._enter(book)

    def _enter(self, book):
        for position, word in enumerate(book.title.lower().split()):
            self.index[word].add((book.number, position))
        for word in set(book.summary.lower().rstrip(".").split()):
            self.index[word].add((book.number, -1))

    def find(self, words):
        hits = collections.Counter()
        for word in words:
            for number, position in self.index.get(word, ()):
                hits[number] += 1 if position < 0 else 3
        best = heapq.nsmallest(20, hits.items(), key=lambda hit: (-hit[1], hit[0]))
        return [self.books[number] for number, _ in best]


# ------------------------------------------------------------------------------------------------ customers and orders

class Ledger:
    """Customers, orders and their lines in an SQLite database in memory."""

    SCHEMA = """
        create table customer (id integer primary key, name text not null, city text not null);
        create table purchase (id integer primary key, customer integer not null references customer, total text not null);
        create table line (purchase integer not null references purchase, isbn text not null, quantity integer not null);
        create index line_isbn on line (isbn);
        create index purchase_customer on purchase (customer);
    """

    def __init__(self):
        self.database = sqlite3.connect(":memory:")
        self.database.executescript(self.SCHEMA)

    def add_customers(self, rng, count):
        rows = ((f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}", rng.choice(WORDS).title()) for _ in range(count))
        with self.database:
            self.database.executemany("insert into customer (name, city) values (?, ?)", rows)

    def record(self, customer, lines, total):
        with self.database:
            cursor = self.database.execute(
                "insert into purchase (customer, total) values (?, ?)", (customer, str(total)))
            self.database.executemany(
                "insert into line values (?, ?, ?)", [(cursor.lastrowid, isbn, quantity) for isbn, quantity in lines])
        return cursor.lastrowid

    def best_sellers(self, limit):
        return self.database.execute(
            "select isbn, sum(quantity) as sold from line group by isbn order by sold desc, isbn limit ?", (limit,)
        ).fetchall()

    def customers_by_city(self):
        return self.database.execute(
            "select city, count(*), count(distinct purchase.id) from customer left join purchase on customer = customer.id"
            " group by city order by city").fetchall()

    def close(self):
        self.database.close()


class Basket:
    def __init__(self, customer):
        self.customer = customer
        self.lines = collections.OrderedDict()

    def add(self, book, quantity):
        self.lines[book] = self.lines.get(book, 0) + quantity

    def total(self):
        return sum((book.price_for(quantity) for book, quantity in self.lines.items()), decimal.Decimal(0))


class Shop:
    """The service: searches (cached without a bound), orders, and reports."""

    def __init__(self, catalogue, ledger):
        self.catalogue = catalogue
        self.ledger = ledger
        self.refused = collections.Counter()
        self.page = functools.lru_cache(maxsize=None)(self._page)

    def _page(self, query):
        """A rendered page of search results; the cache keeps every page ever asked for."""
        books = self.catalogue.find(query)
        rows = [
            {"isbn": book.number, "title": book.title, "by": ", ".join(book.authors), "price": str(book.price),
             "rating": round(book.rating, 2), "text": textwrap.shorten(book.summary, 90)}
            for book in books
        ]
        return json.dumps({"query": query, "results": rows})

    def order(self, rng, customer):
        page = json.loads(self.page(tuple(sorted(rng.sample(WORDS, 2)))))
        basket = Basket(customer)
        for row in rng.sample(page["results"], min(len(page["results"]), rng.randint(1, 4))):
            basket.add(self.catalogue.books[row["isbn"]], rng.randint(1, 3))
        with contextlib.suppress(OutOfStock):
            self._take(basket)
            lines = [(book.number, quantity) for book, quantity in basket.lines.items()]
            return self.ledger.record(customer, lines, basket.total())
        return None

    def _take(self, basket):
        taken = []
        try:
            for book, quantity in basket.lines.items():
                book.take(quantity)
                taken.append((book, quantity))
        except OutOfStock as problem:
            for book, quantity in taken:
                book.put_back(quantity)
            self.refused[problem.number] += problem.missing
            raise

    def turnover_by_subject(self):
        """Allocates much, keeps ten numbers."""
        turnover = collections.defaultdict(decimal.Decimal)
        for book in self.catalogue.books.values():
            share = book.price_for(book.sold) / len(book.subjects)
            for subject in book.subjects:
                turnover[subject] += share
        return {subject: turnover[subject].quantize(decimal.Decimal("0.01")) for subject in sorted(turnover)}


# ------------------------------------------------------------------------------------------------ the run

def main():
    arguments = argparse.ArgumentParser(description="A bookshop for one process.")
    arguments.add_argument("--books", type=int, default=12_000)
    arguments.add_argument("--customers", type=int, default=8_000)
    arguments.add_argument("--orders", type=int, default=800)
    options = arguments.parse_args()
    started = time.perf_counter()
    rng = random.Random(20)

    catalogue = Catalogue()
    catalogue.load(publisher_feed(rng, options.books))
    ledger = Ledger()
    ledger.add_customers(rng, options.customers)
    shop = Shop(catalogue, ledger)
    orders = [shop.order(rng, rng.randint(1, options.customers)) for _ in range(options.orders)]

    accepted = sum(order is not None for order in orders)
    print(f"{len(catalogue.books):,} books, {options.customers:,} customers, {accepted:,} of {options.orders:,} orders")
    for isbn, sold in ledger.best_sellers(3):
        print(f"  {sold:5d} sold  {catalogue.books[isbn].title}")
    for subject, turnover in shop.turnover_by_subject().items():
        print(f"  {turnover:>12,} {subject}")
    print(f"  {len(ledger.customers_by_city())} cities, {shop.page.cache_info().currsize:,} cached pages")
    print(f"bookshop: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    ledger.close()


if __name__ == "__main__":
    main()
