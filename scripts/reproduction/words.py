"""Numbers as people read them."""


def percent(share):
    return f"{100 * share:.1f} %" if abs(share) < 0.995 else f"{100 * share:.0f} %"


def change(measured):
    """"18.2 % less (17.0 to 19.1)"; a saving is less, its contrary more."""
    m = measured
    sign, word = (-1, "more") if m.estimate < 0 else (1, "less")
    text = f"{percent(sign * m.estimate)} {word}"
    if m.low is None:
        return text
    if m.is_exact:
        return text + " (exact)"
    ends = sorted((sign * m.low, sign * m.high))
    # Rounded first: a "-0.0" would be read as a sign.
    low, high = (round(100 * end, 1) + 0.0 for end in ends)
    return f"{text} ({low:.1f} to {high:.1f})"


def seconds(value):
    return f"{value:.2f} s" if value >= 0.995 else f"{1000 * value:.0f} ms"


def megabytes(value):
    return f"{value / 1e6:.1f} MB"


def amount(quantity, value):
    return seconds(value) if quantity == "time" else megabytes(value) if value >= 1e5 else f"{value:.0f} B"


def number(value):
    return f"{value:,.0f}"


def steps(values):
    return " -> ".join(number(value) for value in values)


def cell(measured):
    """What was measured, as short lines."""
    m = measured
    if m.failure:
        return [m.failure.partition(":")[0]]
    if m.steps is not None:
        return [f"{name} {'->'.join(map(number, values))}" for name, values in m.steps.items()]
    return [change(m)]


def sentence(measured):
    m = measured
    if m.failure:
        return m.failure
    if m.steps is not None:
        return "; ".join(f"{name} {steps(values)}" for name, values in m.steps.items())
    return f"{change(m)}: {amount(m.quantity, m.before)} -> {amount(m.quantity, m.after)}"
