// wasm.ts - the engine in C (src/scene/engine.c) with types. Runs in the worker; tests run it in Node.
//
// Views of its memory are taken anew for each answer: memory that grows detaches the ones before.
import type { Fonts, Node, Rect, Region, Theme } from './types';
import { CATEGORIES } from './theme';

export const NONE = 0xffffffff;

/** 0xRRGGBBAA of a CSS colour (#rgb, #rrggbb, #rrggbbaa); opaque black when it is none of these. */
export function rgba(css: string): number {
  let h = css.startsWith('#') ? css.slice(1) : '';
  if (h.length === 3 || h.length === 4) h = [...h].map((c) => c + c).join('');
  if (h.length === 6) h += 'ff';
  return /^[0-9a-f]{8}$/i.test(h) ? parseInt(h, 16) >>> 0 : 0x000000ff;
}

interface Exports {
  memory: WebAssembly.Memory;
  _initialize?(): void;
  [name: string]: unknown;
}

/** What engine.c answers to a call: enum layout_status. */
export const enum Status { Ok, NoMemory, Cancelled, BadInput }

export class EngineError extends Error {
  constructor(readonly status: Status, what: string) {
    super(
      status === Status.NoMemory ? `Out of memory while ${what}. Close other views, or collapse layers.`
        : status === Status.Cancelled ? `Cancelled while ${what}.`
        : `The graph is damaged: ${what} failed. Load it again.`,
    );
  }
}

/** Offsets in 32-bit words into the lists of a drawing; see struct scene_lists. */
export interface Lists {
  /** Of rectangles 8 words: x, y, w, h, fill, stroke, radius, stroke width. */
  rects: number;
  /** Of curves 11 words: x0, y0, cx0, cy0, cx1, cy1, x1, y1, colour, width, straight. */
  curves: number;
  /** Of marks 5 words: x, y, size, colour, kind. */
  marks: number;
  /** Of texts 8 words: x, y, size, widest, colour, flags, source, ref. */
  texts: number;
  nRects: number;
  nCurves: number;
  nMarks: number;
  nTexts: number;
  nRectsBelow: number;
  nCurvesBelow: number;
  nMarksBelow: number;
  f32: Float32Array;
  u32: Uint32Array;
}

export const RECT = 8;
export const CURVE = 11;
export const MARK = 5;
export const TEXT = 8;

export interface Change {
  dx: number;
  dy: number;
  shown: number;
  expanded: number;
  animated: boolean;
}

const REGIONS: Region[] = ['empty', 'node', 'toggle', 'menu', 'subgraph', 'edge'];

type Fn = (...args: number[]) => number;

export class Engine {
  private readonly x: Exports;
  private readonly decoder = new TextDecoder();
  private readonly encoder = new TextEncoder();
  private styles: { at: number; bytes: number } | null = null;
  /** Asked during long work; false ends it. */
  onProgress: (done: number) => boolean = () => true;
  n = 0;

  constructor(module: WebAssembly.Module) {
    const imports: Record<string, Record<string, () => number>> = {};
    // What the C library would ask of a system (clocks, files) is not there: 52 is "no such call".
    for (const i of WebAssembly.Module.imports(module)) (imports[i.module] ??= {})[i.name] = () => 52;
    imports['env'] ??= {};
    (imports['env'] as Record<string, unknown>)['progress'] = (done: number) => (this.onProgress(done) ? 1 : 0);
    this.x = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    this.x._initialize?.();
  }

  private call(name: string, ...args: number[]): number {
    return (this.x[name] as Fn)(...args);
  }
  get memoryBytes(): number {
    return this.x.memory.buffer.byteLength;
  }
  private u32(at: number, n: number): Uint32Array {
    return new Uint32Array(this.x.memory.buffer, at, n);
  }
  private f64(at: number, n: number): Float64Array {
    return new Float64Array(this.x.memory.buffer, at, n);
  }
  private alloc(bytes: number): number {
    const at = this.call('ttx_alloc', bytes) >>> 0;
    if (!at) throw new EngineError(Status.NoMemory, 'making room');
    return at;
  }
  /** Lends memory filled with `data` to `use`. */
  private lend<T>(data: ArrayBufferView, use: (at: number) => T): T {
    const bytes = data.byteLength, at = this.alloc(Math.max(bytes, 1));
    try {
      new Uint8Array(this.x.memory.buffer, at, bytes).set(new Uint8Array(data.buffer, data.byteOffset, bytes));
      return use(at);
    } finally {
      this.call('ttx_free', at, Math.max(bytes, 1));
    }
  }
  private text(at: number): string {
    const n = this.call('ttx_text_bytes') >>> 0;
    return at ? this.decoder.decode(new Uint8Array(this.x.memory.buffer, at, n)) : '';
  }
  private check(status: number, what: string): void {
    if (status !== Status.Ok) throw new EngineError(status, what);
  }

  load(bytes: ArrayBuffer): void {
    const at = this.alloc(bytes.byteLength);
    new Uint8Array(this.x.memory.buffer, at, bytes.byteLength).set(new Uint8Array(bytes));
    this.n = new Uint32Array(bytes, 16, 1)[0]!;
    this.styles = null;
    this.check(this.call('ttx_load', at, bytes.byteLength), 'reading the graph');
  }
  scene(root: Node, flatten: boolean, dissolve: boolean, quiet: number, hidden: Uint8Array | null, fonts: Fonts): void {
    const make = (at: number) =>
      this.check(this.call('ttx_scene', root, +flatten, +dissolve, quiet, at, fonts.op, fonts.layer, fonts.edge), 'preparing the graph');
    if (hidden) this.lend(hidden, make);
    else make(0);
    this.styles = null;
  }
  theme(t: Theme): void {
    const depth = (i: number) => rgba(t.depths[Math.min(i, t.depths.length - 1)] ?? t.surface);
    const words = [t.background, t.surface, t.layer].map(rgba);
    for (let i = 0; i < 6; i++) words.push(depth(i));
    words.push(...[t.border, t.layerBorder, t.text, t.muted, t.edge, t.accent, t.input, t.output].map(rgba));
    for (const c of CATEGORIES) words.push(rgba(t.categories[c.id].fill));
    for (const c of CATEGORIES) words.push(rgba(t.categories[c.id].border));
    this.lend(new Uint32Array(words), (at) => this.call('ttx_theme', at));
  }

  expand(layer: Node, on: boolean, deep: boolean): void {
    this.call('ttx_expand', layer, +on, +deep);
  }
  expandAll(on: boolean): void {
    this.call('ttx_expand_all', +on);
  }
  expandAround(node: Node): void {
    this.call('ttx_expand_around', node);
  }
  isExpanded(layer: Node): boolean {
    return this.call('ttx_is_expanded', layer) !== 0;
  }
  expanded(): Uint32Array {
    return this.list((at, max) => this.call('ttx_expanded', at, max));
  }
  /** Calls something that fills a list and says how long it is. */
  private list(fill: (at: number, max: number) => number, max = this.n): Uint32Array {
    const bytes = Math.max(max, 1) * 4, at = this.alloc(bytes);
    const n = Math.min(fill(at, max) >>> 0, max);
    const out = this.u32(at, n).slice();
    this.call('ttx_free', at, bytes);
    return out;
  }
  direction(layer: Node, leftRight: boolean): void {
    this.call('ttx_direction', layer, +leftRight);
  }
  isLeftRight(layer: Node): boolean {
    return this.call('ttx_is_left_right', layer) !== 0;
  }
  update(anchor: Node): Change {
    this.check(this.call('ttx_update', anchor), 'laying out');
    const at = this.call('ttx_change') >>> 0, d = this.f64(at, 2), w = this.u32(at + 16, 3);
    return { dx: d[0]!, dy: d[1]!, shown: w[0]!, expanded: w[1]!, animated: (w[2]! & 255) !== 0 };
  }
  progress(t: number): void {
    this.call('ttx_progress', t);
  }

  view(x: number, y: number, zoom: number, w: number, h: number, noChrome = false): void {
    this.call('ttx_view', x, y, zoom, w, h, +noChrome);
  }
  draw(): Lists {
    const at = this.call('ttx_draw') >>> 0, w = this.u32(at, 11), buffer = this.x.memory.buffer;
    return {
      rects: w[0]! >>> 2, curves: w[1]! >>> 2, marks: w[2]! >>> 2, texts: w[3]! >>> 2,
      nRects: w[4]!, nCurves: w[5]!, nMarks: w[6]!, nTexts: w[7]!,
      nRectsBelow: w[8]!, nCurvesBelow: w[9]!, nMarksBelow: w[10]!,
      f32: new Float32Array(buffer), u32: new Uint32Array(buffer),
    };
  }
  textOf(source: number, ref: number): string {
    return this.text(this.call('ttx_text', source, ref) >>> 0);
  }
  svg(background: string | null): string {
    const at = this.call('ttx_svg', background ? rgba(background) : 0) >>> 0;
    if (!at) throw new EngineError(Status.NoMemory, 'writing the picture');
    return this.text(at);
  }

  lines(node: Node, text: string): void {
    const bytes = this.encoder.encode(text);
    if (!this.lend(bytes, (at) => this.call('ttx_lines', node, at, bytes.length)))
      throw new EngineError(Status.NoMemory, 'keeping the lines of nodes');
  }
  clearLines(): void {
    this.call('ttx_clear_lines');
  }
  withoutLines(max: number): Uint32Array {
    return this.list((at, n) => this.call('ttx_without_lines', at, n), max);
  }
  /** labels[0] is no text. */
  edgeLabels(ofEdge: Uint32Array, labels: string[]): void {
    const parts = labels.map((l) => this.encoder.encode(l)), ends = new Uint32Array(labels.length);
    const text = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
    let n = 0;
    parts.forEach((p, i) => {
      text.set(p, n);
      ends[i] = n += p.length;
    });
    const ok = this.lend(ofEdge, (a) =>
      this.lend(ends, (b) => this.lend(text, (c) => this.call('ttx_edge_labels', a, labels.length, b, c))));
    if (!ok) throw new EngineError(Status.NoMemory, 'keeping the labels of edges');
  }

  /** Three columns, any of them null. */
  setStyles(fill: Uint32Array | null, border: Uint32Array | null, text: Uint32Array | null): void {
    const old = this.styles, columns = [fill, border, text];
    this.styles = null;
    let at = [0, 0, 0];
    if (columns.some((c) => c)) {
      const bytes = this.n * 12;
      const block = this.alloc(bytes);
      this.u32(block, this.n * 3).fill(0);
      at = columns.map((c, i) => {
        if (c) this.u32(block + i * this.n * 4, this.n).set(c.subarray(0, this.n));
        return c ? block + i * this.n * 4 : 0;
      });
      this.styles = { at: block, bytes };
    }
    this.call('ttx_styles', at[0]!, at[1]!, at[2]!);
    if (old) this.call('ttx_free', old.at, old.bytes);
  }
  clearHighlights(): void {
    this.call('ttx_clear_highlights');
  }
  highlight(nodes: Uint32Array, color: number, fill: number, width: number, through: boolean): void {
    this.lend(nodes, (at) => this.call('ttx_highlight', at, nodes.length, color, fill, width, +through));
  }
  highlightEdges(edges: Uint32Array, color: number): void {
    this.lend(edges, (at) => this.call('ttx_highlight_edges', at, edges.length, color));
  }
  highlightFlow(node: Node, inputs: boolean, color: number, width: number): void {
    this.call('ttx_highlight_flow', node, +inputs, color, width);
  }
  finishHighlights(): void {
    this.call('ttx_finish_highlights');
  }
  dim(keep: Uint8Array | null): void {
    const ok = keep ? this.lend(keep, (at) => this.call('ttx_dim', at)) : this.call('ttx_dim', 0);
    if (!ok) throw new EngineError(Status.NoMemory, 'dimming');
  }
  hover(node: Node): void {
    this.call('ttx_hover', node);
  }
  bars(nodes: Uint32Array, start: Uint32Array, share: Float32Array, color: Uint32Array): void {
    const ok = this.lend(nodes, (a) => this.lend(start, (b) => this.lend(share, (c) => this.lend(color, (d) =>
      this.call('ttx_bars', nodes.length, a, b, c, d)))));
    if (!ok) throw new EngineError(Status.NoMemory, 'keeping the bars');
  }
  extraEdges(edges: { from: Node; to: Node; color: number; width: number; label: string }[]): void {
    const words = new ArrayBuffer(edges.length * 24), u = new Uint32Array(words), f = new Float32Array(words);
    const parts = edges.map((e) => this.encoder.encode(e.label));
    const text = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
    let n = 0;
    edges.forEach((e, i) => {
      u.set([e.from, e.to, e.color], i * 6);
      f[i * 6 + 3] = e.width;
      u.set([n, parts[i]!.length], i * 6 + 4);
      text.set(parts[i]!, n);
      n += parts[i]!.length;
    });
    const ok = this.lend(u, (a) => this.lend(text, (b) => this.call('ttx_extra_edges', edges.length, a, b, n)));
    if (!ok) throw new EngineError(Status.NoMemory, 'keeping the edges of overlays');
  }

  pick(x: number, y: number): { region: Region; node: Node; edges: number[] } {
    const at = this.call('ttx_pick', x, y) >>> 0, w = this.u32(at, 4);
    return { region: REGIONS[w[0]!]!, node: w[1]!, edges: w[3] ? [...this.u32(w[2]!, w[3])] : [] };
  }
  size(): { w: number; h: number } {
    const d = this.f64(this.call('ttx_size') >>> 0, 2);
    return { w: d[0]!, h: d[1]! };
  }
  box(node: Node, standIn: boolean): Rect | null {
    const at = this.call('ttx_box', node, +standIn) >>> 0;
    if (!at) return null;
    const [x, y, w, h] = this.f64(at, 4) as unknown as [number, number, number, number];
    return { x, y, w, h };
  }
  standIn(node: Node): Node | null {
    const n = this.call('ttx_stand_in', node) >>> 0;
    return n === NONE ? null : n;
  }
  nodesIn(r: Rect, max = this.n): { nodes: Uint32Array; total: number } {
    let total = 0;
    const nodes = this.list((at, n) => (total = this.call('ttx_nodes_in', r.x, r.y, r.w, r.h, at, n) >>> 0), max);
    return { nodes, total };
  }
  neighbour(node: Node, direction: number): Node | null {
    const n = this.call('ttx_neighbour', node, direction) >>> 0;
    return n === NONE ? null : n;
  }
}
