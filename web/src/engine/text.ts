// text.ts - texts of a drawing: fetched once, measured once, squeezed or cut to the room there is.
import type { Engine } from './wasm';

export const FONT = 'Inter, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", "Liberation Sans", sans-serif';

/** enum scene_text_flags. */
export const enum TextFlag { Center = 1, Right = 2, Bold = 4, Dialect = 8, Plate = 16 }

/** Size in pixels at which texts are measured. */
const MEASURED_AT = 32;
/** Squeezed more than this, a text is cut instead. */
const LEAST_SQUEEZE = 0.84;

export interface Fitted {
  text: string;
  /** Width in em of what is drawn, before squeezing. */
  width: number;
  squeeze: number;
  /** Bytes of `text` up to and with the first dot, when the dialect is to be pale; else 0. */
  dialect: number;
}

interface Entry {
  text: string;
  width: [number, number];
  cut: Map<number, Fitted>;
}

export function fontOf(px: number, bold: boolean): string {
  return `${bold ? '600 ' : ''}${px}px ${FONT}`;
}

export class Texts {
  private readonly entries = new Map<number, Entry>();
  private readonly context: OffscreenCanvasRenderingContext2D;
  private bold: boolean | null = null;

  constructor(private readonly engine: Engine) {
    this.context = new OffscreenCanvas(8, 8).getContext('2d')!;
  }

  /** Texts have changed: lines, labels, another graph. */
  clear(): void {
    this.entries.clear();
  }

  private measure(text: string, bold: boolean): number {
    if (this.bold !== bold) {
      this.context.font = fontOf(MEASURED_AT, bold);
      this.bold = bold;
    }
    return this.context.measureText(text).width / MEASURED_AT;
  }

  /** A text in the room of `room` em. */
  fit(source: number, ref: number, flags: number, room: number): Fitted {
    const key = source * 0x100000000 + ref, bold = (flags & TextFlag.Bold) !== 0;
    let e = this.entries.get(key);
    if (!e) {
      if (this.entries.size > 50000) this.entries.clear();
      e = { text: this.engine.textOf(source, ref), width: [-1, -1], cut: new Map() };
      this.entries.set(key, e);
    }
    let width = e.width[+bold]!;
    if (width < 0) width = e.width[+bold] = this.measure(e.text, bold);
    const dialect = flags & TextFlag.Dialect ? e.text.indexOf('.') + 1 : 0;
    if (width <= room) return { text: e.text, width, squeeze: 1, dialect };
    if (width * LEAST_SQUEEZE <= room) return { text: e.text, width, squeeze: room / width, dialect };
    const steps = Math.round(room * 4) * 2 + +bold;
    let cut = e.cut.get(steps);
    if (!cut) {
      cut = this.cut(e.text, room, bold, dialect);
      if (e.cut.size > 16) e.cut.clear();
      e.cut.set(steps, cut);
    }
    return cut;
  }

  /** The longest start that fits with an ellipsis; of what is squeezed a little. */
  private cut(text: string, room: number, bold: boolean, dialect: number): Fitted {
    const chars = [...text];
    let low = 0, high = chars.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.measure(`${chars.slice(0, middle).join('')}…`, bold) * LEAST_SQUEEZE <= room) low = middle;
      else high = middle - 1;
    }
    const out = low ? `${chars.slice(0, low).join('')}…` : '';
    const width = this.measure(out, bold);
    return { text: out, width, squeeze: width > room ? room / width : 1, dialect: dialect < out.length ? dialect : 0 };
  }
}
