"""Tables that grow, and others that are emptied or made anew, each larger than the one before."""


def dict_of(count):
    return dict.fromkeys(range(count), None)         # at: dict made anew


def list_of(count):
    return [None] * count                            # at: list made anew


grown, listed, emptied = {}, [], {}
for number in range(100_000):
    grown[number] = number                           # at: grown dict
    listed.append(number)                            # at: grown list
for bits in range(6, 17):
    anew = dict_of(1 << bits)
    listed_anew = list_of(1 << bits)
for bits in range(6, 17):
    for number in range(1 << bits):
        emptied[number] = number                     # at: emptied
    if bits < 16:
        emptied.clear()
print(len(grown), len(listed), len(emptied))
