// Small things that several features need.

import { effect, untracked } from '@preact/signals';

import { complain } from '../app/notify';
import { panes, type Pane } from '../app/store';
import { whole } from '../app/values';

/** Runs `start` for every pane there is and will be, and what it gave when the pane is gone. */
export function eachPane(start: (pane: Pane) => () => void): void {
  const running = new Map<Pane, () => void>();
  effect(() => {
    const now = panes.value;
    for (const pane of now) if (!running.has(pane)) running.set(pane, untracked(() => start(pane)));
    for (const [pane, stop] of running) {
      if (now.includes(pane)) continue;
      stop();
      running.delete(pane);
    }
  });
}

/** An effect with a request in it: `read` says what to ask for (null: nothing) and reads signals; `run` asks. When what is
 * read changes, the request before is cancelled. */
export function following<T>(read: () => T | null, run: (what: T, signal: AbortSignal) => Promise<void>, clear: () => void): () => void {
  let abort: AbortController | null = null;
  const stop = effect(() => {
    const what = read();
    untracked(() => {
      abort?.abort();
      abort = null;
      if (what === null) {
        clear();
        return;
      }
      abort = new AbortController();
      run(what, abort.signal).catch(complain);
    });
  });
  return () => {
    abort?.abort();
    stop();
  };
}

/** Gives the user a file. */
export function save(name: string, content: Blob | string, type = 'application/json'): void {
  const blob = typeof content === 'string' ? new Blob([content], { type }) : content;
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Lets the user choose files. Gives none when the dialog is cancelled. */
export function chooseFiles(accept: string, multiple = false): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = accept;
    input.multiple = multiple;
    input.addEventListener('change', () => resolve([...(input.files ?? [])]));
    input.addEventListener('cancel', () => resolve([]));
    input.click();
  });
}

/** A name for a file: without what file systems do not take. */
export function fileName(text: string, ending: string): string {
  const plain = text.replace(/\.[a-z0-9]{1,6}$/i, '').replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^[._]+|_+$/g, '').slice(0, 80);
  return `${plain || 'graph'}.${ending}`;
}

/** "#rrggbb", "#rrggbbaa", "#rgb" or a colour's name as 0xRRGGBBAA; 0 when it is no colour. */
export function colourNumber(text: string): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  let value = 0;
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text.trim())?.[1];
  if (hex && (hex.length === 6 || hex.length === 8)) value = parseInt(hex.padEnd(8, 'f'), 16);
  else if (hex && hex.length <= 4) value = parseInt([...hex].map((c) => c + c).join('').padEnd(8, 'f'), 16);
  else if (!hex && CSS.supports('color', text)) value = namedColour(text);
  value >>>= 0;
  if (numbers.size < 4096) numbers.set(text, value);
  return value;
}
const numbers = new Map<string, number>();

/** The browser knows the names. */
function namedColour(text: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return 0;
  context.fillStyle = text;
  const style = context.fillStyle;
  if (style.startsWith('#')) return parseInt(style.slice(1).padEnd(8, 'f'), 16);
  const parts = /rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)/.exec(style);
  if (!parts) return 0;
  const [r, g, b] = [1, 2, 3].map((i) => Math.round(Number(parts[i])));
  return (r! * 2 ** 24 + g! * 2 ** 16 + b! * 256 + Math.round(255 * Number(parts[4] ?? 1))) >>> 0;
}

/** "#rrggbbaa" of a number. */
export function colourText(value: number): string {
  return `#${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** A number for people: at most 4 significant digits, with thousands apart. */
export function nice(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return whole(value);
  const size = Math.abs(value);
  if (size >= 1e9 || (size < 1e-4 && size > 0)) return value.toExponential(3);
  return value.toLocaleString('en', { maximumSignificantDigits: size >= 1000 ? 7 : 4 });
}

/** Text that can be read on a colour (model-explorer-protocol, 2). */
export function textOn(colour: number): number {
  const channel = (shift: number) => (((colour >>> shift) & 255) / 255) ** 2.2;
  const luminance = 0.2126 * channel(24) + 0.7152 * channel(16) + 0.0722 * channel(8);
  return luminance < 0.38 ? 0xffffffff : 0x1f1f1fff;
}
