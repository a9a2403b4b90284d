"""Classes whose metaclasses have a say in how they are made: they are told of each one once."""

made = []


class Registry(type):
    def __new__(mcs, name, bases, names):
        made.append(name)
        if made.count(name) == 2:
            raise RuntimeError(f"{name} is made a second time")
        return super().__new__(mcs, name, bases, names)


class Private(metaclass=Registry):
    __hidden = 5

    def __init__(self):
        self.__hidden = 7


class Clean(type):
    def __new__(mcs, name, bases, names):
        return super().__new__(mcs, name, bases, {key: value for key, value in names.items() if key == "__init__"})


class Cleaned(metaclass=Clean):
    def __init__(self):
        self.x = 1


def plain(name, bases, names):
    return type(name, bases, {"__init__": names["__init__"]})


class Built(metaclass=plain):
    def __init__(self):
        self.x = 1


print(made, [hasattr(one(), "__dict__") for one in (Private, Cleaned, Built)])
