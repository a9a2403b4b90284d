def load(text):
    import json
    return [json.loads(line) for line in text]


PAGE = None


def main(text):
    global PAGE
    rows = load(text)
    PAGE = mmap.mmap(-1, 1 << 20)
    return rows


main([])
