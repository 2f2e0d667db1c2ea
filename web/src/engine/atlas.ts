// atlas.ts - glyphs for WebGL, made when they are first needed: any character the browser has a font for.
//
// Glyphs stand in one alpha texture in rows (shelves) of equal height; when it is full, it is emptied and filled again
// with what the present frame needs. Scripts whose letters join or reorder are kept together: such a run of letters is
// one glyph, drawn by the browser as a whole. So is a text with letters from right to left: their order depends on all of it.
import { drawMark } from './marks';
import { fontOf } from './text';

export interface Glyph {
  /** Place in the texture, pixels. */
  x: number;
  y: number;
  w: number;
  h: number;
  /** From the pen to the left upper corner, pixels; y down from the baseline. */
  dx: number;
  dy: number;
  /** To the next pen, pixels. */
  advance: number;
  color: boolean;
}

const SIZE = 2048;
const GAP = 1;
/** Letters that are drawn alone: up to Cyrillic and Armenian, and Chinese, Japanese, Korean, and symbols. */
const simple = (code: number): boolean =>
  code < 0x300 || (code >= 0x370 && code < 0x590) || (code >= 0x1e00 && code < 0x200b) || (code >= 0x2010 && code < 0x2e80) ||
  (code >= 0x2e80 && code < 0xa4d0) || (code >= 0xac00 && code < 0xd800) || (code >= 0xf900 && code < 0xfb00) ||
  (code >= 0xff00 && code < 0xfff0);

/** Letters that are written from right to left, and what turns the direction. */
const TURNED = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Cuts a text into pieces that are drawn as one glyph each. */
export function pieces(text: string): string[] {
  if (TURNED.test(text)) return [text];
  const out: string[] = [];
  let joined = '';
  for (const c of text) {
    if (simple(c.codePointAt(0)!)) {
      if (joined) out.push(joined);
      joined = '';
      out.push(c);
    } else {
      // A combining mark belongs to the letter before it.
      if (!joined && out.length && /\p{M}/u.test(c)) joined = out.pop()!;
      joined += c;
    }
  }
  if (joined) out.push(joined);
  return out;
}

export class Atlas {
  readonly size = SIZE;
  /** Counts how often it was emptied: what was placed before is gone. */
  generation = 0;
  /** Rows that have changed since the texture was made from them; from > to: none. */
  changed = { from: SIZE, to: 0 };
  private readonly canvas = new OffscreenCanvas(SIZE, SIZE);
  readonly context = this.canvas.getContext('2d', { willReadFrequently: true })!;
  private glyphs = new Map<string, Glyph>();
  private shelf = { x: GAP, y: GAP, h: 0 };
  private font = '';

  /** Empties it. */
  clear(): void {
    this.glyphs.clear();
    this.context.clearRect(0, 0, SIZE, SIZE);
    this.shelf = { x: GAP, y: GAP, h: 0 };
    this.generation++;
    this.changed = { from: 0, to: SIZE };
  }

  private place(w: number, h: number): { x: number; y: number } | null {
    if (this.shelf.x + w + GAP > SIZE) this.shelf = { x: GAP, y: this.shelf.y + this.shelf.h + GAP, h: 0 };
    if (w + 2 * GAP > SIZE || this.shelf.y + h + GAP > SIZE) return null;
    const at = { x: this.shelf.x, y: this.shelf.y };
    this.shelf.x += w + GAP;
    this.shelf.h = Math.max(this.shelf.h, h);
    this.changed.from = Math.min(this.changed.from, at.y);
    this.changed.to = Math.max(this.changed.to, at.y + h);
    return at;
  }

  /** Whether a glyph was drawn in colours of its own: with some fonts pictographs are, with others they are letters. */
  private hasColours(x: number, y: number, w: number, h: number): boolean {
    const { data } = this.context.getImageData(x, y, w, h);
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3]! > 64 && (data[i]! < 250 || data[i + 1]! < 250 || data[i + 2]! < 250)) return true;
    return false;
  }

  /** A piece of text at a size in pixels; null when the texture is full. */
  glyph(piece: string, px: number, bold: boolean): Glyph | null {
    const key = `${px}${bold ? 'b' : 'r'}${piece}`;
    const known = this.glyphs.get(key);
    if (known) return known;
    const c = this.context, font = fontOf(px, bold);
    if (font !== this.font) c.font = this.font = font;
    c.textBaseline = 'alphabetic';
    const m = c.measureText(piece);
    const left = Math.ceil(m.actualBoundingBoxLeft) + 1, right = Math.ceil(m.actualBoundingBoxRight) + 1;
    const up = Math.ceil(m.actualBoundingBoxAscent) + 1, down = Math.ceil(m.actualBoundingBoxDescent) + 1;
    const w = Math.min(Math.max(left + right, 1), SIZE - 2 * GAP), h = Math.max(up + down, 1);
    const at = this.place(w, h);
    if (!at) return null;
    c.fillStyle = '#fff';
    c.save();
    c.beginPath();
    c.rect(at.x, at.y, w, h);
    c.clip();
    c.fillText(piece, at.x + left, at.y + up);
    c.restore();
    const color = /\p{Extended_Pictographic}/u.test(piece) && this.hasColours(at.x, at.y, w, h);
    const glyph = { ...at, w, h, dx: -left, dy: -up, advance: m.width, color };
    this.glyphs.set(key, glyph);
    return glyph;
  }

  /** A mark (marks.ts) at a size in pixels, its anchor at the pen. */
  mark(kind: number, px: number): Glyph | null {
    const key = `mark ${kind} ${px}`;
    const known = this.glyphs.get(key);
    if (known) return known;
    const r = Math.ceil(px) + 2, at = this.place(2 * r, 2 * r);
    if (!at) return null;
    const c = this.context;
    c.save();
    c.beginPath();
    c.rect(at.x, at.y, 2 * r, 2 * r);
    c.clip();
    c.fillStyle = c.strokeStyle = '#fff';
    drawMark(c, kind, at.x + r, at.y + r, px);
    c.restore();
    const glyph = { ...at, w: 2 * r, h: 2 * r, dx: -r, dy: -r, advance: 0, color: false };
    this.glyphs.set(key, glyph);
    return glyph;
  }
}
