"""Call-heavy: a one-way constraint network that is planned and run again and again."""


class Variable:
    def __init__(self, value):
        self.value = value
        self.readers = []


class Rule:
    def __init__(self, inputs, output, work):
        self.inputs, self.output, self.work = inputs, output, work
        for variable in inputs:
            variable.readers.append(self)

    def run(self):
        self.output.value = self.work(*[v.value for v in self.inputs])


def plan(start):
    order, todo, seen = [], [start], set()
    while todo:
        for rule in todo.pop().readers:
            if rule not in seen:
                seen.add(rule)
                order.append(rule)
                todo.append(rule.output)
    return order


first = Variable(1)
chain = [first]
for i in range(400):
    nxt = Variable(0)
    Rule([chain[-1], first], nxt, lambda a, b: (a + b) % 1009)
    chain.append(nxt)
for i in range(3000):
    first.value = i
    for rule in plan(first):
        rule.run()
