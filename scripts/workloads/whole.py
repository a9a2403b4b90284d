"""Claim 7: everything together - a service's data made plainly, with the collector off, and with slots. No figure.

    nothing          the program without its data: what resident memory starts from
    plain            as listed: 100,000 users as dicts (id, name, list of 100 zeros), 500,000 sessions (user id,
                     timestamp), 200,000 cache entries (number, string)
    tuned            as listed: the same with the collector off and one collection afterwards
    dict-users       the 100,000 users alone, as dicts
    slotted-users    as listed: 100,000 users of a class with __slots__
    in-one-process   the document's own way: plain, tuned, slotted users, one after the other

The trap: in one process whatever comes later lies in memory that was left behind, and its growth says little.
"""

import gc
import time

import inside

USERS, SESSIONS, ENTRIES = 100_000, 500_000, 200_000


class User:
    __slots__ = ("id", "name", "data")

    def __init__(self, number):
        self.id = number
        self.name = f"user {number}"
        self.data = [0] * 100


def dict_users(count):
    return [{"id": i, "name": f"user {i}", "data": [0] * 100} for i in range(count)]


def slotted_users(count):
    return [User(i) for i in range(count)]


def service(scale):
    users = inside.scaled(USERS, scale)
    return (
        dict_users(users),
        [{"user": i % users, "at": time.time()} for i in range(inside.scaled(SESSIONS, scale))],
        [{"number": i, "text": f"value {i}"} for i in range(inside.scaled(ENTRIES, scale))],
    )


def measured(make, size):
    with inside.Span() as span:
        data = make(size)
    del data
    return span.figures()


def tuned_service(scale):
    gc.disable()
    data = service(scale)
    gc.enable()
    gc.collect()
    return data


def nothing(scale):
    return {"spans": {"nothing": measured(lambda size: None, scale)}}


def plain(scale):
    return {"spans": {"plain": measured(service, scale)}}


def tuned(scale):
    return {"spans": {"tuned": measured(tuned_service, scale)}}


def only_dict_users(scale):
    return {"spans": {"dict-users": measured(dict_users, inside.scaled(USERS, scale))}}


def only_slotted_users(scale):
    return {"spans": {"slotted-users": measured(slotted_users, inside.scaled(USERS, scale))}}


def in_one_process(scale):
    return {"spans": {
        "plain": measured(service, scale),
        "tuned": measured(tuned_service, scale),
        "slotted-users": measured(slotted_users, inside.scaled(USERS, scale)),
    }}


if __name__ == "__main__":
    inside.run(__doc__.splitlines()[0],
               {"nothing": nothing, "plain": plain, "tuned": tuned, "dict-users": only_dict_users,
                "slotted-users": only_slotted_users, "in-one-process": in_one_process})
