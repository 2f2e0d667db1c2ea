// canvas.ts - draws the lists with Canvas 2D: where WebGL is missing or emulated in software, and for pictures.
//
// A drawing is cut into slices (`paint` is a generator), so that the worker shows the last picture moved and scaled,
// at full rate, while the next one is painted behind it.
import { drawMark } from './marks';
import { fontOf, TextFlag, type Texts } from './text';
import { CURVE, type Lists, MARK, RECT, TEXT } from './wasm';

type Context = OffscreenCanvasRenderingContext2D;

const css = new Map<number, string>();
/** CSS of 0xRRGGBBAA. */
export function cssOf(c: number): string {
  let s = css.get(c);
  if (!s) {
    if (css.size > 4096) css.clear();
    s = `#${c.toString(16).padStart(8, '0')}`;
    css.set(c, s);
  }
  return s;
}

/** How much is painted between two looks at the clock. */
const CHUNK = 256;

function rects(c: Context, l: Lists, from: number, to: number): void {
  const f = l.f32, u = l.u32;
  let fill = -1, stroke = -1;
  for (let i = from; i < to; i++) {
    const at = l.rects + i * RECT;
    const x = f[at]!, y = f[at + 1]!, w = f[at + 2]!, h = f[at + 3]!;
    const inner = u[at + 4]!, outer = u[at + 5]!, radius = f[at + 6]!, line = f[at + 7]!;
    const stroked = (outer & 255) !== 0 && line > 0;
    if (inner & 255 && inner !== fill) c.fillStyle = cssOf((fill = inner));
    if (stroked && outer !== stroke) c.strokeStyle = cssOf((stroke = outer));
    if (stroked) c.lineWidth = line;
    const half = stroked ? line / 2 : 0;
    if (radius < 1.5 || h < 7) {
      if (inner & 255) c.fillRect(x, y, w, h);
      if (stroked) c.strokeRect(x + half, y + half, w - line, h - line);
      continue;
    }
    c.beginPath();
    c.roundRect(x + half, y + half, Math.max(w - line, 0), Math.max(h - line, 0), Math.max(radius - half, 0));
    if (inner & 255) c.fill();
    if (stroked) c.stroke();
  }
}

/** Curves of one colour and width share a path; paths are kept short, for long ones are slow to fill in. */
function curves(c: Context, l: Lists, from: number, to: number): void {
  const f = l.f32, u = l.u32;
  let color = -1, width = -1, open = false;
  c.lineCap = 'butt';
  c.lineJoin = 'round';
  for (let i = from; i < to; i++) {
    const at = l.curves + i * CURVE;
    if (u[at + 8] !== color || f[at + 9] !== width) {
      if (open) c.stroke();
      color = u[at + 8]!;
      width = f[at + 9]!;
      c.strokeStyle = cssOf(color);
      c.lineWidth = width;
      c.beginPath();
      open = true;
    }
    c.moveTo(f[at]!, f[at + 1]!);
    if (u[at + 10]) c.lineTo(f[at + 6]!, f[at + 7]!);
    else c.bezierCurveTo(f[at + 2]!, f[at + 3]!, f[at + 4]!, f[at + 5]!, f[at + 6]!, f[at + 7]!);
  }
  if (open) c.stroke();
}

function marks(c: Context, l: Lists, from: number, to: number): void {
  let color = -1;
  for (let i = from; i < to; i++) {
    const at = l.marks + i * MARK;
    if (l.u32[at + 3] !== color) {
      color = l.u32[at + 3]!;
      c.fillStyle = c.strokeStyle = cssOf(color);
    }
    drawMark(c, l.u32[at + 4]!, l.f32[at]!, l.f32[at + 1]!, l.f32[at + 2]!);
  }
}

function texts(c: Context, l: Lists, t: Texts, plate: string, from: number, to: number): void {
  const f = l.f32, u = l.u32;
  c.textBaseline = 'alphabetic';
  c.textAlign = 'left';
  let font = '', color = -1;
  for (let i = from; i < to; i++) {
    const at = l.texts + i * TEXT, size = f[at + 2]!, flags = u[at + 5]!;
    const fitted = t.fit(u[at + 6]!, u[at + 7]!, flags, f[at + 3]! / size);
    if (!fitted.text) continue;
    const next = fontOf(Math.round(size * 20) / 20, (flags & TextFlag.Bold) !== 0);
    if (next !== font) c.font = font = next;
    const width = fitted.width * size * fitted.squeeze;
    const x = f[at]! - (flags & TextFlag.Center ? width / 2 : flags & TextFlag.Right ? width : 0);
    const y = f[at + 1]! + size * 0.35;
    if (flags & TextFlag.Plate) {
      c.fillStyle = plate;
      c.fillRect(x - size * 0.25, f[at + 1]! - size * 0.6, width + size * 0.5, size * 1.2);
      color = -1;
    }
    if (u[at + 4] !== color) c.fillStyle = cssOf((color = u[at + 4]!));
    const limit = fitted.squeeze < 1 ? width : undefined;
    if (fitted.dialect && !limit) {
      const head = fitted.text.slice(0, fitted.dialect), advance = c.measureText(head).width;
      c.globalAlpha = 0.6;
      c.fillText(head, x, y);
      c.globalAlpha = 1;
      c.fillText(fitted.text.slice(fitted.dialect), x + advance, y);
    } else {
      c.fillText(fitted.text, x, y, limit);
    }
  }
}

/** Paints the lists in slices; the background is painted by the caller. Lists must stay valid until it ends. */
export function* paint(c: Context, l: Lists, t: Texts, plate: string): Generator<void, void, void> {
  function* each(what: (from: number, to: number) => void, from: number, to: number): Generator<void, void, void> {
    for (let i = from; i < to; i += CHUNK) {
      what(i, Math.min(i + CHUNK, to));
      yield;
    }
  }
  yield* each((a, b) => rects(c, l, a, b), 0, l.nRectsBelow);
  yield* each((a, b) => curves(c, l, a, b), 0, l.nCurvesBelow);
  yield* each((a, b) => marks(c, l, a, b), 0, l.nMarksBelow);
  yield* each((a, b) => rects(c, l, a, b), l.nRectsBelow, l.nRects);
  yield* each((a, b) => curves(c, l, a, b), l.nCurvesBelow, l.nCurves);
  yield* each((a, b) => marks(c, l, a, b), l.nMarksBelow, l.nMarks);
  yield* each((a, b) => texts(c, l, t, plate, a, b), 0, l.nTexts);
}
