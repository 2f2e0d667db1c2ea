#!/usr/bin/env python3
"""Makes the weights and inputs of examples/mnist.mlir: examples/mnist/make.py

The digits are drawn here: strokes of our own, shifted, turned, slanted, scaled and thickened at random, so that nothing
comes from a data set. The three layers are trained on them with Adam, the weights then kept as whole multiples of one
step per layer, which makes the file small, and trained a little more in that form.

Writes weights.npz (entries named as the module's arguments) and digit_0.npy ... digit_9.npy, drawings that were not
trained on. The seed is fixed; needs numpy.
"""

import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SIDE = 28
SIZES = (784, 256, 128, 10)
TRAIN, TEST, STEPS, BATCH = 20000, 2000, 1500, 128
LEVELS = 7  # a weight is one of 2 * LEVELS + 1 multiples of its layer's step


def arc(x, y, rx, ry, begin, end, n=14):
    """Points of an ellipse from one angle to another, in degrees; 0 is right, 90 down."""
    a = np.radians(np.linspace(begin, end, n))
    return np.stack([x + rx * np.cos(a), y + ry * np.sin(a)], axis=1)


def lines(*points):
    return np.array(points, dtype=float)


# Strokes in a box from (0, 0) to (1, 1), y downwards. Some digits are written in two ways.
STROKES = [
    [[arc(.5, .5, .3, .46, 0, 360, 28)]],
    [[lines((.32, .24), (.54, .04), (.54, .96))], [lines((.5, .04), (.5, .96))]],
    [[arc(.48, .28, .3, .24, 190, 380), lines((.76, .36), (.2, .95), (.82, .95))]],
    [[arc(.46, .27, .28, .23, 200, 450), arc(.46, .73, .3, .23, 270, 520)]],
    [[lines((.62, .96), (.62, .04), (.16, .66), (.86, .66))], [lines((.24, .06), (.2, .52), (.8, .52)), lines((.7, .1), (.68, .96))]],
    [[lines((.78, .05), (.28, .05), (.24, .46)), arc(.47, .68, .3, .27, 230, 500)]],
    [[arc(.74, .52, .5, .5, 270, 180), arc(.5, .7, .27, .25, 0, 360, 24)]],
    [[lines((.18, .06), (.8, .06), (.42, .96))], [lines((.18, .06), (.8, .06), (.42, .96)), lines((.36, .5), (.74, .5))]],
    [[arc(.5, .27, .24, .22, 0, 360, 22), arc(.5, .73, .29, .24, 0, 360, 24)]],
    [[arc(.5, .3, .26, .25, 0, 360, 24), lines((.76, .3), (.72, .6), (.6, .96))]],
]

GRID = np.stack(np.meshgrid(np.arange(SIDE) + .5, np.arange(SIDE) + .5), axis=-1).reshape(-1, 2)


def draw(digit, rng):
    """One drawing: (784,) numbers from 0 to 1."""
    ways = STROKES[digit]
    turn, slant = rng.normal(0, .1), rng.normal(.1, .15)
    grow = rng.uniform(17, 21, 2)
    move = np.array([14, 14]) + rng.normal(0, 1.1, 2)
    width = rng.uniform(1.0, 1.7)
    c, s = np.cos(turn), np.sin(turn)
    ink = np.full(len(GRID), np.inf)
    for stroke in ways[rng.integers(len(ways))]:
        p = (stroke - .5 + rng.normal(0, .012, stroke.shape)) * grow * (.8, 1)
        p[:, 0] -= slant * p[:, 1]
        p = p @ np.array([[c, s], [-s, c]]) + move
        a, d = p[:-1], np.diff(p, axis=0)  # each pixel's distance from each piece of the stroke
        to = GRID[:, None] - a
        t = np.clip((to * d).sum(-1) / np.maximum((d * d).sum(-1), 1e-9), 0, 1)
        ink = np.minimum(ink, np.sqrt(((to - t[..., None] * d) ** 2).sum(-1)).min(1))
    return np.clip(width + .5 - ink, 0, 1).astype(np.float32)


def drawings(n, rng):
    labels = np.arange(n) % 10
    return np.stack([draw(d, rng) for d in labels]), labels


def forward(x, w, b):
    kept = [x]
    for i in range(3):
        x = x @ w[i] + b[i]
        if i < 2:
            x = np.maximum(x, 0)
        kept.append(x)
    return kept


def on_steps(w):
    """A layer's weights as multiples of one step: the nearest, the step fitting three deviations."""
    step = 3 * w.std() / LEVELS
    return (np.clip(np.rint(w / step), -LEVELS, LEVELS) * step).astype(np.float32)


def train(x, labels, rng):
    w = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in zip(SIZES, SIZES[1:])]
    b = [np.zeros((1, n), np.float32) for n in SIZES[1:]]
    params = w + b
    first, second = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    for step in range(1, STEPS + 1):
        coarse = step > STEPS // 2  # from half way on with the weights that will be kept
        used = [on_steps(p) for p in w] if coarse else w
        pick = rng.integers(0, len(x), BATCH)
        kept = forward(x[pick], used, b)
        e = np.exp(kept[3] - kept[3].max(1, keepdims=True))
        g = e / e.sum(1, keepdims=True)
        g[np.arange(BATCH), labels[pick]] -= 1
        g /= BATCH
        grads = [None] * 6
        for i in (2, 1, 0):
            grads[i], grads[3 + i] = kept[i].T @ g + 1e-4 * w[i], g.sum(0, keepdims=True)
            g = (g @ used[i].T) * (kept[i] > 0)
        rate = 1e-3 * (1 - .9 * step / STEPS)
        for k, p in enumerate(params):
            first[k] = .9 * first[k] + .1 * grads[k]
            second[k] = .999 * second[k] + .001 * grads[k] ** 2
            p -= rate * (first[k] / (1 - .9 ** step)) / (np.sqrt(second[k] / (1 - .999 ** step)) + 1e-8)
    return [on_steps(p) for p in w], b


def write_npz(path, entries):
    """As numpy.savez_compressed, with a fixed date: the same weights give the same file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name, array in entries.items():
            data = BytesIO()
            np.save(data, array)
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data.getvalue())


def main():
    rng = np.random.default_rng(7)
    x, labels = drawings(TRAIN, rng)
    w, b = train(x, labels, rng)
    tx, tl = drawings(TEST, rng)
    right = (forward(tx, w, b)[3].argmax(1) == tl).mean()
    write_npz(HERE / "weights.npz", {f"fc{i + 1}.{kind}": p for i in range(3) for kind, p in (("weight", w[i]), ("bias", b[i]))})
    for digit in range(10):
        np.save(HERE / f"digit_{digit}.npy", tx[digit].reshape(1, 1, SIDE, SIDE))
    print(f"{100 * right:.1f} % of {TEST} drawings right; weights.npz has {(HERE / 'weights.npz').stat().st_size} bytes")
    return right < .97


if __name__ == "__main__":
    sys.exit(main())
