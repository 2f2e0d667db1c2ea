// One geometric counter for all layouts: crossings between polylines and total length. It knows nothing of how a
// layout was made.
//
// A crossing is a pair of edges and a point where their lines properly cross: interior point of both pieces, or the
// lines change sides across a shared corner or a shared stretch. Lines that only touch, share a stretch and leave at
// the side they came from, or start or end at one box do not cross there.

/** Total length of the polylines [[x0,y0,x1,y1,...], ...]. */
export function totalLength(lines) {
  let sum = 0;
  for (const p of lines) for (let i = 2; i < p.length; i += 2) sum += Math.hypot(p[i] - p[i - 2], p[i + 1] - p[i - 1]);
  return sum;
}

/** Length of what is drawn when stretches that several lines share count once. */
export function inkLength(lines) {
  const seen = new Set();
  let sum = 0;
  const vertical = new Map(); // x -> intervals
  for (const p of lines)
    for (let i = 2; i < p.length; i += 2) {
      if (p[i] === p[i - 2]) {
        const list = vertical.get(p[i]) ?? vertical.set(p[i], []).get(p[i]);
        list.push([Math.min(p[i - 1], p[i + 1]), Math.max(p[i - 1], p[i + 1])]);
        continue;
      }
      const key = `${p[i - 2]},${p[i - 1]},${p[i]},${p[i + 1]}`;
      if (seen.has(key)) continue;
      seen.add(key);
      sum += Math.hypot(p[i] - p[i - 2], p[i + 1] - p[i - 1]);
    }
  for (const list of vertical.values()) {
    list.sort((a, b) => a[0] - b[0]);
    let end = -Infinity;
    for (const [a, b] of list) {
      if (b <= end) continue;
      sum += b - Math.max(a, end);
      end = b;
    }
  }
  return sum;
}

/**
 * How many lines run through boxes ([[x, y, w, h], ...]) that are not at their ends ([[from, to], ...]); a line through
 * two boxes counts twice. A crossing that is hidden behind a box shows here.
 */
export function countThroughBoxes(lines, ends, boxes) {
  let count = 0;
  lines.forEach((p, i) => {
    boxes.forEach(([x, y, w, h], b) => {
      if (b === ends[i][0] || b === ends[i][1]) return;
      for (let k = 2; k < p.length; k += 2)
        if (cuts(p[k - 2], p[k - 1], p[k], p[k + 1], x + 0.5, y + 0.5, x + w - 0.5, y + h - 0.5)) {
          count++;
          return;
        }
    });
  });
  return count;
}

// Whether a piece of a line touches the inside of a rectangle.
function cuts(x0, y0, x1, y1, left, top, right, bottom) {
  if (Math.max(y0, y1) <= top || Math.min(y0, y1) >= bottom || Math.max(x0, x1) <= left || Math.min(x0, x1) >= right) return false;
  const side = (x, y) => Math.sign((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0));
  const sides = [side(left, top), side(right, top), side(left, bottom), side(right, bottom)];
  return !sides.every((s) => s >= 0) && !sides.every((s) => s <= 0);
}

/**
 * Crossings, by a sweep over horizontal strips: every line is cut at all y where any line has a corner, so that within
 * a strip each piece runs from top to bottom (or is level), and two lines cross in the strip when their order at its
 * top and at its bottom differ. Order at shared points is carried over from strip to strip, so that lines which meet
 * at a corner count as crossing only if they leave on the other side. Lines must not turn back in y more than once per
 * piece; going up is allowed (pieces are turned). Strips are quantised to `grid`.
 */
export function countCrossings(lines, grid = 1 / 64) {
  // Pieces by exact segment intersection; pairs at shared corners are handled by nudging every line along its normal
  // by nothing: instead of that, a corner is cut into the two half-open pieces [start, end), so a proper crossing
  // through a corner counts once if both lines really change sides.
  const seg = []; // x0,y0,x1,y1,line,index with y0 <= y1
  lines.forEach((p, line) => {
    for (let i = 2; i < p.length; i += 2) {
      let [x0, y0, x1, y1] = [p[i - 2], p[i - 1], p[i], p[i + 1]].map((v) => Math.round(v / grid));
      if (x0 === x1 && y0 === y1) continue;
      if (y0 > y1 || (y0 === y1 && x0 > x1)) [x0, y0, x1, y1] = [x1, y1, x0, y0];
      seg.push([x0, y0, x1, y1, line, i]);
    }
  });
  seg.sort((a, b) => a[1] - b[1]);
  const found = new Map(); // pair -> points
  let active = [];
  const side = (a, x, y) => Math.sign((a[2] - a[0]) * (y - a[1]) - (a[3] - a[1]) * (x - a[0]));
  let crossings = 0;
  for (const s of seg) {
    active = active.filter((a) => a[3] >= s[1]);
    for (const a of active) {
      if (a[4] === s[4]) continue;
      if (Math.max(a[0], a[2]) < Math.min(s[0], s[2]) || Math.max(s[0], s[2]) < Math.min(a[0], a[2])) continue;
      const s0 = side(a, s[0], s[1]), s1 = side(a, s[2], s[3]);
      const a0 = side(s, a[0], a[1]), a1 = side(s, a[2], a[3]);
      if (s0 * s1 < 0 && a0 * a1 < 0) crossings++;
      else if (s0 * s1 <= 0 && a0 * a1 <= 0 && (s0 !== 0 || s1 !== 0)) {
        // touches at a corner of one of them: decided below from the whole lines
        const key = a[4] < s[4] ? a[4] * lines.length + s[4] : s[4] * lines.length + a[4];
        found.set(key, 1);
      }
    }
    active.push(s);
  }
  for (const key of found.keys())
    crossings += crossAtCorners(lines[Math.floor(key / lines.length)], lines[key % lines.length], grid);
  return crossings;
}

// Crossings of two polylines at points where at least one has a corner or they share a stretch.
function crossAtCorners(p, q, grid) {
  const P = snap(p, grid), Q = snap(q, grid);
  // Cut both at each other's points, so that common points are corners of both.
  const A = cut(P, Q), B = cut(Q, P);
  const at = new Map();
  B.forEach(([x, y], i) => at.set(`${x},${y}`, i));
  let count = 0;
  for (let i = 0; i < A.length; ) {
    let j = at.get(`${A[i][0]},${A[i][1]}`);
    if (j === undefined) { i++; continue; }
    // the shared stretch A[i..k] = B[j..m], forwards or backwards
    let k = i, m = j, step = 0;
    while (k + 1 < A.length) {
      const next = at.get(`${A[k + 1][0]},${A[k + 1][1]}`);
      if (next === undefined || Math.abs(next - m) !== 1 || (step && next - m !== step)) break;
      step = next - m;
      m = next;
      k++;
    }
    const step1 = step || 1;
    const inA = A[i - 1], outA = A[k + 1], inB = B[j - step1], outB = B[m + step1];
    if (inA && outA && inB && outB) {
      // B crosses A if it leaves on the other side than it came: compare the cyclic order at both ends
      const before = turn(A[i], inA, k > i ? A[i + 1] : outA, inB);
      const after = turn(A[k], k > i ? A[k - 1] : inA, outA, outB);
      if (before * after < 0) count++;
    }
    i = k + 1;
  }
  return count;
}

const snap = (p, grid) => {
  const out = [];
  for (let i = 0; i < p.length; i += 2) {
    const x = Math.round(p[i] / grid), y = Math.round(p[i + 1] / grid);
    const last = out[out.length - 1];
    if (!last || last[0] !== x || last[1] !== y) out.push([x, y]);
  }
  return out;
};

// A with the points of Q that lie on it inserted.
function cut(A, Q) {
  const out = [A[0]];
  for (let i = 1; i < A.length; i++) {
    const [a, b] = [A[i - 1], A[i]];
    const dx = b[0] - a[0], dy = b[1] - a[1], len = Math.hypot(dx, dy);
    const on = [];
    for (const q of Q) {
      const t = ((q[0] - a[0]) * dx + (q[1] - a[1]) * dy) / (len * len);
      if (t > 1e-9 && t < 1 - 1e-9 && Math.abs((q[0] - a[0]) * dy - (q[1] - a[1]) * dx) / len < 0.75) on.push([t, q]);
    }
    on.sort((x, y) => x[0] - y[0]);
    for (const [, q] of on) out.push(q);
    out.push(b);
  }
  return out;
}

// +1 when `d` lies left of the path in -> o -> out, -1 when right, 0 when on it.
function turn(o, from, to, d) {
  const angle = (p) => Math.atan2(p[1] - o[1], p[0] - o[0]);
  const norm = (v) => ((v % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI);
  const a = norm(angle(to) - angle(from)), b = norm(angle(d) - angle(from));
  if (b < 1e-9 || Math.abs(b - a) < 1e-9 || 2 * Math.PI - b < 1e-9) return 0;
  return b < a ? 1 : -1;
}
