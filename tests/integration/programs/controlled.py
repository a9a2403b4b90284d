"""Says how it is run: the collector's state, and for every class here how its objects are kept. One JSON object.

Arguments change what it does before: "enable", "disable", "unfreeze" and "thresholds" undo what was asked for, "back" sets it
back at last, "exit" leaves by _exit.
The comments that begin with __slots__ say what a person would have to write; test_controls.py compares with that."""

import abc
import dataclasses
import gc
import json
import os
import pickle
import sys
import typing
import warnings
import weakref

T = typing.TypeVar("T")
at_start = {"enabled": gc.isenabled(), "thresholds": gc.get_threshold(), "frozen": gc.get_freeze_count()}


def depth():
    frame, count = sys._getframe(1), 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


class Registry(type):
    """A metaclass that sees everything a class statement hands over."""

    seen = []

    def __new__(meta, name, bases, namespace, **keywords):
        Registry.seen.append([name, [base.__name__ for base in bases], sorted(keywords), depth(), type(namespace).__name__])
        return super().__new__(meta, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **keywords):
        super().__init__(name, bases, namespace)


class Ordered(type):
    @classmethod
    def __prepare__(meta, name, bases, **keywords):
        return {"prepared": name}


class Base:
    # __slots__ = ("number", "__weakref__")
    subclasses = []

    def __init_subclass__(cls, /, mark=None, **keywords):
        super().__init_subclass__(**keywords)
        Base.subclasses.append([cls.__name__, mark, depth()])

    def __init__(self):
        self.number = 1


class Derived(Base, mark="m"):
    # __slots__ = ("text",)
    def __init__(self):
        super().__init__()
        self.text = "t"

    def own_class(self):
        return __class__


class Outer:
    class Inner:
        # __slots__ = ("value", "__weakref__")
        def __init__(self):
            self.value = 2


def local():
    class Local:
        # __slots__ = ("value", "__weakref__")
        def __init__(self):
            self.value = 3
    return Local


def other():
    class Local:  # the same name elsewhere
        def __init__(self):
            self.anything = 4
    return Local


class Registered(metaclass=Registry, kind="k"):
    # __slots__ = ("value", "__weakref__")
    def __init__(self):
        self.value = 5


class OfRegistered(Registered):
    # __slots__ = ("more",)
    def __init__(self):
        super().__init__()
        self.more = 6


class Box(typing.Generic[T]):
    # __slots__ = ("content", "__weakref__")
    def __init__(self):
        self.content = 7


class Abstract(abc.ABC):
    # __slots__ = ("value", "__weakref__")
    def __init__(self):
        self.value = 8

    def method(self):
        return 1


@dataclasses.dataclass
class Point:
    x: int = dataclasses.field(default_factory=int)
    y: int = dataclasses.field(default_factory=int)


@dataclasses.dataclass
class Plain:
    # __slots__ = ("x", "y", "__weakref__")
    x: int
    y: int

    @classmethod
    def make(cls):
        return cls(1, 2)


class Private:
    # __slots__ = ("__hidden", "__weakref__")
    def __init__(self):
        self.__hidden = 9

    def get(self):
        return self.__hidden


class HasDefault:
    value = 10


class HasSlots:
    __slots__ = ("value",)


class Number(int):
    pass


class Failure(Exception):
    pass


class NotListed:
    pass


class OnDict(NotListed):
    pass


class Prepared(metaclass=Ordered):
    pass


class Picky:
    def __init_subclass__(cls):
        if "__slots__" in cls.__dict__:
            raise ValueError("no slots, please")
    __slots__ = ()


class Refusing(Picky):
    pass


def conflict():
    """What Python says of a class with a metaclass conflict, under the name of a listed class."""
    try:
        class Registered(Prepared, Base, metaclass=Registry):
            pass
    except TypeError as error:
        return str(error)
    return "none"


def body_fails():
    try:
        class Box:
            raise KeyError("in the body")
    except KeyError as error:
        trace, lines = error.__traceback__, []
        while trace is not None:
            lines.append([trace.tb_frame.f_code.co_name, trace.tb_lineno])
            trace = trace.tb_next
        return lines


def warning_line():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        class Warned:
            warnings.warn("here", stacklevel=2)
    return caught[0].lineno, os.path.basename(caught[0].filename)


def kept(make):
    thing = make()
    cls = type(thing)
    try:
        weak = weakref.ref(thing) is not None
    except TypeError:
        weak = False
    own = cls.__dict__.get("__slots__")
    return {"slots": list(own) if own is not None else None, "dict": hasattr(thing, "__dict__"), "size": sys.getsizeof(thing),
            "weak": weak, "module": cls.__module__, "qualname": cls.__qualname__, "bases": [b.__qualname__ for b in cls.__bases__],
            "metaclass": type(cls).__name__}


def copies():
    """What pickle makes of objects of some classes."""
    found = []
    for thing in (Derived(), Plain(1, 2), Abstract()):
        twin = pickle.loads(pickle.dumps(thing, 2))
        names = [name for name in ("number", "text", "x", "y", "value") if hasattr(thing, name)]
        found.append([type(twin) is type(thing), {name: getattr(twin, name) for name in names}])
    return found


def main():
    if "enable" in sys.argv:
        gc.enable()
    if "thresholds" in sys.argv:
        gc.set_threshold(123)
    if "disable" in sys.argv:
        gc.disable()
    if "unfreeze" in sys.argv:
        gc.unfreeze()
    garbage = []
    for _ in range(30000):
        garbage = [[garbage[:1]]]
        garbage.append(garbage)
    if "back" in sys.argv:
        gc.collect()
        if "enable" in sys.argv:
            gc.disable()
        if "thresholds" in sys.argv:
            gc.set_threshold(5000)
        if "unfreeze" in sys.argv:
            gc.freeze()
    classes = {"Derived": Derived, "Base": Base, "Inner": Outer.Inner, "Local": local(), "OtherLocal": other(),
               "Registered": Registered, "OfRegistered": OfRegistered, "Box": Box, "Abstract": Abstract, "Point": Point,
               "Plain": Plain.make, "Private": Private, "HasDefault": HasDefault, "HasSlots": HasSlots, "Number": Number,
               "Failure": Failure, "NotListed": NotListed, "OnDict": OnDict, "Prepared": Prepared, "Refusing": Refusing}
    build = __build_class__
    print(json.dumps({
        "gc": at_start, "collections": [one["collections"] for one in gc.get_stats()],
        "kept": {name: kept(cls) for name, cls in classes.items()},
        "same": [Registry.seen, Base.subclasses, conflict(), body_fails(), warning_line(), copies(), Private().get(),
                 Derived().own_class() is Derived, Plain(1, 2) == Plain(1, 2), repr(Point()), depth(),
                 [repr(build), build.__name__, build.__qualname__, build.__module__, build.__doc__, repr(build.__self__),
                  build.__text_signature__, type(build).__name__, pickle.loads(pickle.dumps(build)) is build],
                 sorted(name for name in sys.modules if "heapledger" in name), len(sys.argv)]}))
    sys.stdout.flush()
    if "exit" in sys.argv:
        os._exit(0)


if __name__ == "__main__":
    main()
