"""A module whose main function runs that of another several times, one after the other: chain(text, times).

The first argument that has the type of the result is what flows through; the others are given anew each time.
"""

import re


def arguments(signature):
    """The arguments of "func.func @main(...) -> ...", and where their list starts and ends."""
    start = signature.index("(") + 1
    depth, quoted, word, words = 0, False, "", []
    for at in range(start, len(signature)):
        c = signature[at]
        if c == '"':
            quoted = not quoted
        if not quoted:
            if c in "<({[":
                depth += 1
            elif c == ")" and depth == 0:
                return words + [word.strip()], start, at
            elif c in ")}]" or (c == ">" and signature[at - 1] != "-"):
                depth -= 1
            elif c == "," and depth == 0:
                words.append(word.strip())
                word = ""
                continue
        word += c
    raise ValueError("no end of the arguments")


def chain(text, times):
    lines = text.split("\n")
    head = next(i for i, line in enumerate(lines) if "func.func @main" in line)
    end = next(i for i in range(head, len(lines)) if lines[i].strip().startswith("return "))
    words, start, stop = arguments(lines[head])
    result = re.search(r"return %(\w+) : (\S+)", lines[end])
    flowing = next(i for i, word in enumerate(words) if f": {result[2]}" in word)
    flowing_name = re.match(r"%(\w+)", words[flowing])[1]
    given, body, last = [], [], ""
    for n in range(times):
        given += [re.sub(r"^%(\w+)", rf"%b{n}_\1", w) for i, w in enumerate(words) if i != flowing or n == 0]
        for line in lines[head + 1 : end]:
            line = re.sub(r"%(\w+)", rf"%b{n}_\1", line)
            body.append(re.sub(rf"%b{n}_{flowing_name}\b", last, line) if n else line)
        last = f"%b{n}_{result[1]}"
    signature = lines[head][:start] + ", ".join(given) + lines[head][stop:]
    returned = re.sub(r"return %\w+", f"return {last}", lines[end])
    return "\n".join(lines[:head] + [signature] + body + [returned] + lines[end + 1 :])
