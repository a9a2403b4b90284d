"""A database in memory, with functions, aggregates and errors; prints what came out."""

import sqlite3


class Product:
    def __init__(self):
        self.value = 1

    def step(self, number):
        self.value = self.value * number % 1000003

    def finalize(self):
        return self.value


database = sqlite3.connect(":memory:")
database.create_function("twice", 1, lambda text: text * 2)
database.create_aggregate("product", 1, Product)
database.executescript("create table t (id integer primary key, name text unique, data blob); create index i on t (data);")
with database:
    database.executemany("insert into t (name, data) values (?, ?)",
                         ((f"name {i}", bytes([i % 251]) * (i % 700)) for i in range(5000)))
try:
    with database:
        database.execute("delete from t")
        database.execute("insert into t (id) values ('x')")
except sqlite3.IntegrityError as problem:
    print(type(problem).__name__)
except sqlite3.Error as problem:
    print("other", problem)
print(database.execute("select count(*), sum(length(data)), product(id), max(twice(name)) from t").fetchone())
print(database.execute("select length(data), count(*) from t group by 1 order by 2 desc, 1 limit 5").fetchall())
rows = [row for row in database.execute("select a.id from t a join t b on a.data = b.data where a.id < 40 and b.id < 900")]
print(len(rows), "\n".join(database.iterdump()).count("INSERT"))
database.close()
