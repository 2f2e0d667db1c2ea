// worker.ts - the engine's worker: owns the graph in WebAssembly and the view's canvas.
//
// Calls are carried out in the order they come; those that lay out wait for one another, the others (camera, pointer)
// go in between. One frame at most is drawn per display refresh, and none while nothing changes.
import { readBody } from './body';
import { Flight, clampZoom, firstCamera, fitCamera } from './camera';
import { paint, cssOf } from './canvas';
import { GlScreen } from './gl';
import { CompactGraph, Kind } from './graph';
import { tabulate } from './op_table';
import type { Asks, Calls, Choice, FromWorker, Keys, SetMessage, ToWorker } from './protocol';
import { CanvasScreen, type Screen } from './screen';
import { Texts } from './text';
import type {
  Bar, Camera, Direction, ExpandOptions, ExtraEdge, GraphViewEvents, Hit, ImageOptions, LoadInfo, Node, NodeStyles, Rect,
  RendererKind, RevealOptions, Theme, ViewState,
} from './types';
import { USUAL_FONTS } from './types';
import { Engine, EngineError, NONE, rgba, Status } from './wasm';

const port = self as unknown as {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

function emit<K extends keyof GraphViewEvents>(event: K, data: GraphViewEvents[K]): void {
  port.postMessage({ event, data });
}

// ---- questions to the page

let nextAsk = 1;
const asked = new Map<number, (answer: unknown) => void>();
function ask<K extends keyof Asks>(what: K, ...args: Parameters<Asks[K]>): Promise<ReturnType<Asks[K]>> {
  const id = nextAsk++;
  port.postMessage({ ask: what, args, id });
  return new Promise((resolve) => asked.set(id, resolve as (answer: unknown) => void));
}

// ---- state

let engine: Engine;
let texts: Texts;
let screen: Screen;
let theme: Theme;
let graph: CompactGraph | null = null;
let choice: Choice = { root: 0, flatten: false, dissolve: false, parameters: 'auto', hidden: null, fonts: USUAL_FONTS };
let w = 1, h = 1, ratio = 1, still = false;
let camera: Camera = { x: 0, y: 0, zoom: 1 };
let selection: Node[] = [];
let flow = { inputs: true, outputs: true, layers: false };
let shown = 0;
let linesOn = false;
let edgeLabelsAre: 'none' | 'type' | 'asked' = 'none';
let edgeLabelsMost = 0;
let hovered = '';
let keep: Uint32Array | null = null;
let styles: NodeStyles | null = null;
let bars: Bar[] = [];
const highlights = new Map<string, SetMessage[]>();
const extra = new Map<string, ExtraEdge[]>();
const tableTexts = new Map<string, Map<number, string>>();
let pulse: { node: Node; start: number } | null = null;

// ---- frames

let flight: Flight | null = null;
let move: { start: number; ms: number } | null = null; // boxes on their way
let dirty = false, fresh = false, scheduled = false, drawnWanted = 0;
let lastCamera = '';
const timing = { frames: 0, longest: 0, total: 0 };

const later: (f: (now: number) => void) => void =
  typeof requestAnimationFrame === 'function' ? (f) => requestAnimationFrame(f) : (f) => setTimeout(() => f(performance.now()), 16);

function schedule(): void {
  if (scheduled || !graph) return;
  scheduled = true;
  later(frame);
}
function invalidate(): void {
  dirty = true;
  schedule();
}

const MOVE_MS = 160;
const FLY_MS = 190;
const PULSE_MS = 900;

function frame(): void {
  scheduled = false;
  const start = performance.now();
  let more = false;
  if (flight) {
    const { camera: at, done } = flight.at(start);
    camera = at;
    if (done) flight = null;
    more ||= !done;
  }
  if (move) {
    const t = Math.min((start - move.start) / move.ms, 1);
    engine.progress(t >= 1 ? 1 : 1 - (1 - t) ** 3);
    dirty = true;
    if (t >= 1) move = null;
    more ||= t < 1;
  }
  if (pulse) {
    dirty = true;
    if (start - pulse.start > PULSE_MS) pulse = null;
    highlight();
    more ||= pulse !== null;
  }
  const wasDirty = dirty, wasFresh = fresh;
  dirty = fresh = false;
  more = screen.frame(camera, wasDirty, wasFresh) || more;
  const took = performance.now() - start;
  timing.frames++;
  timing.total += took;
  timing.longest = Math.max(timing.longest, took);
  const key = `${camera.x} ${camera.y} ${camera.zoom}`;
  if (key !== lastCamera) {
    lastCamera = key;
    emit('camera', camera);
  }
  if (more) schedule();
  else if (drawnWanted) {
    drawnWanted = 0;
    emit('drawn', { frames: timing.frames });
  }
}

function fly(to: Camera, animated: boolean): void {
  if (animated && !still) flight = new Flight(camera, to, FLY_MS);
  else {
    flight = null;
    camera = to;
  }
  drawnWanted++;
  schedule();
}

// ---- layout

let lastProgress = 0;
let stage: 'read' | 'layout' = 'read';
function onProgress(done: number): boolean {
  const now = performance.now();
  if (now - lastProgress > 60) {
    lastProgress = now;
    emit('progress', { stage, done });
  }
  return true;
}

/** Lays out and shows what has been marked; keeps `anchor` in place. */
function update(anchor: number, animated = true): number {
  const start = performance.now();
  lastProgress = start;
  stage = 'layout';
  const change = engine.update(anchor);
  const ms = performance.now() - start;
  shown = change.shown;
  if (change.dx || change.dy) camera = { x: camera.x + change.dx, y: camera.y + change.dy, zoom: camera.zoom };
  if (flight) flight = null;
  move = animated && change.animated && !still ? { start: performance.now(), ms: MOVE_MS } : null;
  engine.progress(move ? 0 : 1);
  highlight();
  fresh = true;
  drawnWanted++;
  invalidate();
  const layers = engine.expanded();
  emit('expansion', { visible: change.shown, expanded: change.expanded, layoutMs: ms, layers });
  return ms;
}

const LINES_AT_ONCE = 2000;

/** Asks for the texts of nodes that have none yet, until all shown ones have, and lays out again. */
async function fillLines(anchor: number): Promise<void> {
  if (!linesOn) return;
  let any = false;
  for (let done = 0; linesOn; ) {
    const nodes = engine.withoutLines(LINES_AT_ONCE);
    if (!nodes.length) break;
    const answers = await ask('lines', nodes);
    nodes.forEach((n, i) => engine.lines(n, answers[i] ?? ''));
    any = true;
    done += nodes.length;
    emit('progress', { stage: 'lines', done: Math.min(done / Math.max(shown, 1), 1) });
  }
  texts.clear();
  if (any) update(anchor, false);
}

async function updateAll(anchor: number, animated = true): Promise<number> {
  const ms = update(anchor, animated);
  await fillLines(anchor);
  return ms;
}

// ---- looks

function highlight(): void {
  engine.clearHighlights();
  const input = rgba(theme.input), output = rgba(theme.output);
  for (const n of selection) {
    if (graph!.isLayer(n) && !flow.layers) continue;
    if (flow.inputs) engine.highlightFlow(n, true, input, 2);
    if (flow.outputs) engine.highlightFlow(n, false, output, 2);
  }
  for (const sets of highlights.values())
    for (const s of sets) {
      if (s.nodes.length) engine.highlight(s.nodes, s.color, s.fill, s.width, s.through);
      if (s.edges.length) engine.highlightEdges(s.edges, s.color);
    }
  engine.highlight(new Uint32Array(selection), rgba(theme.accent), 0, 2.5, true);
  if (pulse) {
    const t = (performance.now() - pulse.start) / PULSE_MS;
    engine.highlight(new Uint32Array([pulse.node]), rgba(theme.accent), 0, 2.5 + 6 * Math.abs(Math.sin(t * 3 * Math.PI)) * (1 - t), true);
  }
  engine.finishHighlights();
}

function applyBars(): void {
  const pieces = bars.reduce((sum, b) => sum + b.pieces.length, 0);
  const nodes = new Uint32Array(bars.length), start = new Uint32Array(bars.length + 1);
  const share = new Float32Array(pieces), color = new Uint32Array(pieces);
  let k = 0;
  bars.forEach((b, i) => {
    nodes[i] = b.node;
    for (const p of b.pieces) {
      share[k] = p.share;
      color[k++] = rgba(p.color);
    }
    start[i + 1] = k;
  });
  engine.bars(nodes, start, share, color);
}

function applyDim(): void {
  if (!keep) return engine.dim(null);
  const column = new Uint8Array(engine.n);
  for (const n of keep) column[n] = 1;
  engine.dim(column);
}

function applyExtra(): void {
  const all = [...extra.values()].flat();
  engine.extraEdges(all.map((e) => ({ from: e.from, to: e.to, color: rgba(e.color), width: e.width ?? 2, label: e.label ?? '' })));
  texts.clear();
}

const clipped = (s: string): string => (edgeLabelsMost && s.length > edgeLabelsMost ? `${s.slice(0, edgeLabelsMost - 1)}…` : s);

async function applyEdgeLabels(): Promise<void> {
  texts.clear();
  const g = graph!, n = g.nEdges;
  if (edgeLabelsAre === 'none') return engine.edgeLabels(new Uint32Array(0), []);
  const ofEdge = new Uint32Array(n), labels = [''], number = new Map<string, number>([['', 0]]);
  const set = (e: number, s: string): void => {
    let k = number.get(s);
    if (k === undefined) {
      number.set(s, (k = labels.length));
      labels.push(s);
    }
    ofEdge[e] = k;
  };
  if (edgeLabelsAre === 'type') {
    for (let e = 0; e < n; e++) set(e, clipped(g.edgeType(e)));
  } else {
    for (let from = 0; from < n; from += 20000) {
      const edges = Uint32Array.from({ length: Math.min(20000, n - from) }, (_, i) => from + i);
      const answers = await ask('edgeLabels', edges);
      edges.forEach((e, i) => set(e, answers[i] ?? ''));
    }
  }
  engine.edgeLabels(ofEdge, labels);
  texts.clear();
}

/** A new scene of the graph: gives it all that the one before had. */
async function dress(): Promise<void> {
  engine.theme(theme);
  engine.setStyles(styles?.fill ?? null, styles?.border ?? null, styles?.text ?? null);
  if (bars.length) applyBars();
  if (keep) applyDim();
  if (extra.size) applyExtra();
  if (edgeLabelsAre !== 'none') await applyEdgeLabels();
}

// ---- graphs

function makeScene(): void {
  let hidden: Uint8Array | null = null;
  if (choice.hidden) {
    hidden = new Uint8Array(engine.n);
    for (const n of choice.hidden) hidden[n] = 1;
  }
  engine.scene(choice.root, choice.flatten, choice.dissolve, ['auto', 'shown', 'quiet'].indexOf(choice.parameters), hidden, choice.fonts);
}

/** Opens what would only hide the graph: a layer that is alone, or the largest of a few functions. */
function openFirst(): void {
  if (choice.flatten) return;
  const g = graph!, children = g.children(choice.root);
  let layer = -1;
  for (const c of children)
    if (g.isLayer(c) && (layer < 0 || g.end[c]! - c > g.end[layer]! - layer)) layer = c;
  if (layer >= 0 && children.length <= 12) engine.expand(layer, true, false);
}

/** What is computed once, on the host or before all else, is not what a graph is looked at for. */
const ASIDE = /^(const_eval|cpu_module\w*|Inputs)$/;

/** The layer with most in it; the one that is shown when it holds more ops itself. */
function largest(): Node {
  const g = graph!, children = g.children(choice.root);
  let layer = choice.root, most = children.filter((c) => !g.isLayer(c)).length;
  for (const c of children) {
    if (!g.isLayer(c) || ASIDE.test(g.label(c)) || g.end[c]! - c <= most) continue;
    layer = c;
    most = g.end[c]! - c;
  }
  return layer;
}
function heart(): { x: number; y: number } | null {
  const box = engine.box(largest(), false);
  return box && { x: box.x + box.w / 2, y: box.y + box.h / 2 };
}
/** The middle of the upper edge of the first op in it that reads something. */
function beginning(): { x: number; y: number } | null {
  const g = graph!, layer = largest();
  for (let n = layer + 1; n < g.end[layer]!; n++) {
    if (g.isLayer(n) && ASIDE.test(g.label(n))) {
      n = g.end[n]! - 1;
      continue;
    }
    const box = g.kind[n] === Kind.Op && g.inStart[n + 1]! > g.inStart[n]! ? engine.box(n, true) : null;
    if (box) return { x: box.x + box.w / 2, y: box.y };
  }
  return null;
}

/** The camera as a graph is first seen, until something moves it: as long as nobody has, it follows the size of the view,
 * which is not the last one while panels open. */
let atFirst: Camera | null = null;
function firstLook(): void {
  camera = atFirst = firstCamera(engine.size(), w, h, heart(), beginning());
}

/** Of a drawing that is so much larger or smaller the same place is another one. */
const OTHER_SIZE = 1.3;

/** Looks as before, also at another stage of a model: what was in the middle of the view is there again, if it is still there.
 * As at first, where there would be nothing to be seen, and where the drawing has another size and what was there is gone or nobody
 * has ever moved the view. */
function lookAs(before: Camera, anchor: ViewState['anchor']): void {
  const node = anchor && graph!.find(anchor.id), size = engine.size();
  const other = (a: number, b: number) => Math.max(a, b) > OTHER_SIZE * Math.min(a, b);
  // A view of another size, as beside the one where it was: nobody has moved that, and nobody has chosen this cut of it.
  const elsewhere = anchor?.first && other(firstCamera({ w: anchor.w, h: anchor.h }, w, h, heart(), beginning()).zoom, before.zoom);
  if (anchor && (node === undefined || anchor.first) && (elsewhere || other(size.w, anchor.w) || other(size.h, anchor.h))) {
    firstLook();
    return;
  }
  const box = node === undefined ? null : engine.box(node, false);
  const dx = box ? box.x + box.w / 2 - anchor!.x : 0, dy = box ? box.y + box.h / 2 - anchor!.y : 0;
  camera = Math.abs(dx) + Math.abs(dy) > 0.5 ? { x: before.x + dx, y: before.y + dy, zoom: before.zoom } : { ...before };
  if (anchor?.first) atFirst = camera;
  if (!engine.nodesIn(toWorld({ x: 0, y: 0, w, h }), 1).total) firstLook();
}

/** A node, and how far its middle is from that of the view, in units of the world. */
interface Place {
  node: Node;
  dx: number;
  dy: number;
}
/** The node in the middle of the view; null where there is none. */
function middle(): Place | null {
  let best: Place | null = null;
  for (const node of engine.nodesIn(toWorld({ x: 0, y: 0, w, h }), 4096).nodes) {
    const box = engine.box(node, false);
    if (!box) continue;
    const place = { node, dx: box.x + box.w / 2 - camera.x, dy: box.y + box.h / 2 - camera.y };
    if (!best || Math.hypot(place.dx, place.dy) < Math.hypot(best.dx, best.dy)) best = place;
  }
  return best;
}

/** Shows the new scene: as a state says, or with the layers that were open before, or as a graph is first seen. */
async function show(state: ViewState | null, before: Uint32Array | null, readMs: number, start: number, place: Place | null = null): Promise<LoadInfo> {
  const g = graph!;
  atFirst = null;
  await dress();
  if (state?.expanded === 'all') engine.expandAll(true);
  else if (state?.expanded) {
    const layers = state.expanded.map((id) => g.find(id) ?? NONE);
    for (const n of layers) engine.expand(n, true, false);
    // Another stage, which has none of what was open and in the middle: as it is first seen.
    if (state.anchor && g.find(state.anchor.id) === undefined && layers.every((n) => n === NONE)) openFirst();
  } else if (before) for (const n of before) engine.expand(n, true, false);
  else openFirst();
  for (const id of state?.leftRight ?? []) {
    const n = id === 'layer:' ? choice.root : g.find(id);
    if (n !== undefined) engine.direction(n, true);
  }
  const layoutMs = await updateAll(NONE, false);
  const box = place && engine.box(place.node, true);
  if (state?.camera) lookAs(state.camera, state.anchor);
  else if (box) camera = { x: box.x + box.w / 2 - place.dx, y: box.y + box.h / 2 - place.dy, zoom: camera.zoom };
  else firstLook();
  if (state?.selection) select(state.selection.map((id) => g.find(id)).filter((n) => n !== undefined), false);
  flight = null;
  fresh = true;
  invalidate();
  frame(); // at once: what waits for the display's next refresh is seen at the one after
  const info = { nodes: g.n, edges: g.nEdges, visible: shown, readMs, layoutMs, frameMs: performance.now() - start, renderer: screen.kind };
  emit('ready', info);
  return info;
}

function select(nodes: Node[], byUser: boolean): void {
  selection = [...new Set(nodes)].filter((n) => n < engine.n);
  highlight();
  emit('selection', { nodes: selection, byUser });
  drawnWanted++;
  invalidate();
}

function toScreen(r: Rect): Rect {
  return { x: (r.x - camera.x) * camera.zoom + w / 2, y: (r.y - camera.y) * camera.zoom + h / 2, w: r.w * camera.zoom,
    h: r.h * camera.zoom };
}
function toWorld(r: Rect): Rect {
  return { x: (r.x - w / 2) / camera.zoom + camera.x, y: (r.y - h / 2) / camera.zoom + camera.y, w: r.w / camera.zoom,
    h: r.h / camera.zoom };
}

function hitAt(x: number, y: number, keys: Keys): Hit {
  engine.view(camera.x, camera.y, camera.zoom, w, h);
  const p = toWorld({ x, y, w: 0, h: 0 });
  return { ...engine.pick(x, y), x, y, worldX: p.x, worldY: p.y, ...keys };
}
const NO_KEYS: Keys = { alt: false, ctrl: false, shift: false };

/** Moves the view as little as needed to show a node with some space around it. */
function keepInView(node: Node): void {
  const box = engine.box(node, true);
  if (!box) return;
  const r = toScreen(box), pad = 60;
  let dx = 0, dy = 0;
  if (r.w > w - 2 * pad) dx = r.x + r.w / 2 - w / 2;
  else dx = Math.min(r.x - pad, 0) + Math.max(r.x + r.w - (w - pad), 0);
  if (r.h > h - 2 * pad) dy = r.y - pad;
  else dy = Math.min(r.y - pad, 0) + Math.max(r.y + r.h - (h - pad), 0);
  if (dx || dy) fly({ x: camera.x + dx / camera.zoom, y: camera.y + dy / camera.zoom, zoom: camera.zoom }, true);
}

// ---- pictures

const TILE = 2048;
/** How much larger the minimap is drawn than shown. */
const MAP_FINE = 2.5;
const MOST_PIXELS = 1.2e8;

/** The world rectangle of an image, the zoom its lists are made at, and the pixels per unit of the lists. */
function frameOf(o: ImageOptions): { world: Rect; zoom: number; pixels: number } {
  const size = engine.size(), margin = 24;
  const scale = o.scale ?? (o.area === 'view' ? ratio : 1);
  if (o.area === 'view') return { world: toWorld({ x: 0, y: 0, w, h }), zoom: camera.zoom, pixels: scale };
  const world = o.area === 'graph' ? { x: -margin, y: -margin, w: size.w + 2 * margin, h: size.h + 2 * margin } : o.area;
  const most = o.maxSide ?? 16384;
  const fits = Math.min(scale, most / world.w, most / world.h, Math.sqrt(MOST_PIXELS / (world.w * world.h)));
  return fits >= 1 ? { world, zoom: 1, pixels: fits } : { world, zoom: fits, pixels: 1 };
}

/** Paints a world rectangle; tile by tile, so that the lists stay small. */
function paintWorld(c: OffscreenCanvasRenderingContext2D, world: Rect, zoom: number, pixels: number): void {
  const width = world.w * zoom, height = world.h * zoom, step = TILE / pixels;
  for (let y = 0; y < height; y += step)
    for (let x = 0; x < width; x += step) {
      const tw = Math.min(step, width - x), th = Math.min(step, height - y);
      engine.view(world.x + (x + tw / 2) / zoom, world.y + (y + th / 2) / zoom, zoom, tw, th, true);
      const lists = engine.draw();
      c.save();
      c.setTransform(pixels, 0, 0, pixels, x * pixels, y * pixels);
      c.beginPath();
      c.rect(0, 0, tw, th);
      c.clip();
      for (const _ of paint(c, lists, texts, theme.background)) { /* all of it */ }
      c.restore();
    }
}

/** How often the page is told how much of a graph has come. */
const TELL_MS = 50;

let prepared: { wasm: ArrayBuffer | string; module: Promise<WebAssembly.Module> } | null = null;

/** The compiled engine. Compiled here, not on the page, which would stand still meanwhile; workers of one page that
 * compile the same bytes share the result. */
function engineModule(wasm: ArrayBuffer | string): Promise<WebAssembly.Module> {
  if (prepared?.wasm !== wasm) {
    const module = typeof wasm === 'string' ? WebAssembly.compileStreaming(fetch(wasm)) : WebAssembly.compile(wasm);
    module.catch(() => {}); // told by start()
    prepared = { wasm, module };
  }
  return prepared!.module;
}

const calls: { [K in keyof Calls]: (...args: Parameters<Calls[K]>) => ReturnType<Calls[K]> | Promise<ReturnType<Calls[K]>> } = {
  prepare(wasm) {
    void engineModule(wasm);
  },
  async read(address, to) {
    const abort = new AbortController();
    to.onmessage = () => abort.abort();
    let bytes: ArrayBuffer | null = null, told = 0;
    try {
      const response = await fetch(address, { signal: abort.signal });
      if (response.ok)
        bytes = await readBody(response, (done, total) => {
          if (performance.now() - told < TELL_MS) return;
          told = performance.now();
          to.postMessage({ done, total });
        });
    } catch {
      // Whoever wanted it asks again, and is told.
    }
    to.postMessage({ done: 0, total: 0, bytes }, bytes ? [bytes] : []);
  },
  async start(o) {
    let module: WebAssembly.Module;
    try {
      module = await engineModule(o.wasm);
    } catch (e) {
      throw new Error(`The drawing engine could not be loaded. Reload the page. (${e instanceof Error ? e.message : String(e)})`);
    }
    engine = new Engine(module);
    engine.onProgress = onProgress;
    texts = new Texts(engine);
    theme = o.theme;
    still = o.still;
    screen = makeScreen(o.canvas, o.renderer);
    screen.background = rgba(theme.background);
    calls.resize(o.w, o.h, o.ratio);
  },
  resize(width, height, pixelRatio) {
    // The middle of the view stays in the middle.
    w = Math.max(width, 1);
    h = Math.max(height, 1);
    if (graph && camera === atFirst && !flight) firstLook();
    ratio = pixelRatio;
    screen.resize(w, h, ratio);
    fresh = true;
    if (graph) {
      dirty = true;
      // At once: a canvas that was resized is empty until it is drawn.
      frame();
    }
  },
  async load(bytes, next, state) {
    const start = performance.now();
    stage = 'read';
    graph = null;
    engine.load(bytes);
    graph = new CompactGraph(bytes);
    choice = next;
    if (state?.root) choice = { ...choice, root: graph.find(state.root) ?? choice.root };
    if (state?.flatten !== undefined) choice = { ...choice, flatten: state.flatten };
    selection = [];
    keep = null;
    styles = null;
    bars = [];
    highlights.clear();
    extra.clear();
    tableTexts.clear();
    texts.clear();
    makeScene();
    return show(state, null, performance.now() - start, start);
  },
  async choose(next) {
    const start = performance.now(), before = choice.flatten ? null : engine.expanded();
    const other = next.root !== choice.root, place = other || next.flatten !== choice.flatten || camera === atFirst ? null : middle();
    choice = next;
    makeScene();
    texts.clear();
    return show(null, before?.length && !other ? before : null, 0, start, place);
  },
  async expand(layer: Node, on: boolean | null, o: ExpandOptions) {
    engine.expand(layer, on ?? !engine.isExpanded(layer), o.deep ?? false);
    await updateAll(o.anchor ?? layer);
  },
  async expandAll(on) {
    engine.expandAll(on);
    await updateAll(selection[0] ?? NONE);
    if (!selection.length) fly(firstCamera(engine.size(), w, h, heart(), beginning()), false); // nothing whose place could be kept
  },
  async setExpanded(layers, anchor) {
    engine.expandAll(false);
    for (const l of layers) engine.expand(l, true, false);
    await updateAll(anchor);
  },
  async setDirection(layer, leftRight) {
    engine.direction(layer, leftRight);
    await updateAll(layer);
  },
  setCamera(to, animated) {
    fly({ x: to.x, y: to.y, zoom: clampZoom(to.zoom) }, animated);
  },
  fit(nodes, animated) {
    const size = engine.size();
    let r: Rect = { x: 0, y: 0, w: size.w, h: size.h };
    if (nodes) {
      const boxes = [...nodes].map((n) => engine.box(n, true)).filter((b) => b !== null);
      if (!boxes.length) return;
      const x = Math.min(...boxes.map((b) => b.x)), y = Math.min(...boxes.map((b) => b.y));
      r = { x, y, w: Math.max(...boxes.map((b) => b.x + b.w)) - x, h: Math.max(...boxes.map((b) => b.y + b.h)) - y };
    }
    fly(fitCamera(r, w, h, 32, 1.25), animated);
  },
  zoomTo(r, animated) {
    fly(fitCamera(r, w, h, 0, 8), animated);
  },
  zoomBy(factor, x, y, animated) {
    const from = flight ? flight.to : camera, zoom = clampZoom(from.zoom * factor);
    const k = 1 / from.zoom - 1 / zoom;
    fly({ x: from.x + (x - w / 2) * k, y: from.y + (y - h / 2) * k, zoom }, animated);
  },
  panBy(dx, dy) {
    const from = flight ? flight.to : camera;
    fly({ x: from.x + dx / from.zoom, y: from.y + dy / from.zoom, zoom: from.zoom }, false);
  },
  async reveal(node, o: RevealOptions) {
    engine.expandAround(node);
    if (!engine.box(node, false)) await updateAll(NONE, false);
    const box = engine.box(node, true);
    if (!box) return;
    const least = o.minZoom ?? 0.6;
    let zoom = Math.max(camera.zoom, least);
    if (box.h * zoom > h * 0.9 || box.w * zoom > w * 0.9) zoom = Math.min(zoom, fitCamera(box, w, h, 40, 1.25).zoom);
    if (o.select) select([node], false);
    fly({ x: box.x + box.w / 2, y: box.y + box.h / 2, zoom }, true);
    if (o.shake !== false) pulse = { node, start: performance.now() };
    invalidate();
  },
  select(nodes) {
    select([...nodes], false);
  },
  setSelectionEdges(o) {
    flow = o;
    highlight();
    invalidate();
  },
  hit: (x, y) => hitAt(x, y, NO_KEYS),
  hover(x, y) {
    if (!graph) return;
    const hit = hitAt(x, y, NO_KEYS), key = `${hit.region} ${hit.node} ${hit.edges[0] ?? ''}`;
    if (key === hovered) return;
    hovered = key;
    const box = hit.region === 'empty' || hit.region === 'edge' ? NONE : hit.node;
    engine.hover(box);
    emit('hover', hit);
    invalidate();
  },
  leave() {
    if (!graph || hovered === '') return;
    hovered = '';
    engine.hover(NONE);
    emit('hover', null);
    invalidate();
  },
  async pointer(type, x, y, keys) {
    if (!graph) return;
    const hit = hitAt(x, y, keys);
    const onNode = hit.region === 'node' || hit.region === 'menu' || hit.region === 'subgraph';
    emit(type, hit);
    if (type === 'click') {
      if (hit.region === 'toggle') await calls.expand(hit.node, null, { deep: keys.alt });
      else if (onNode && keys.shift)
        select(selection.includes(hit.node) ? selection.filter((n) => n !== hit.node) : [...selection, hit.node], true);
      else if (onNode) select([hit.node], true);
      else if (!keys.shift) select([], true);
    } else if (type === 'dblclick') {
      if (hit.region === 'node' && graph.isLayer(hit.node)) await calls.expand(hit.node, null, { deep: keys.alt });
      else if (hit.region === 'empty') calls.zoomBy(1.8, x, y, true);
    } else if (onNode && !selection.includes(hit.node)) {
      select([hit.node], true);
    }
  },
  band(r, purpose) {
    const world = toWorld(r), { nodes } = engine.nodesIn(world);
    emit('band', { rect: r, nodes: [...nodes], purpose });
    if (purpose === 'zoom') calls.zoomTo(world, true);
    else select([...selection, ...nodes], true);
  },
  neighbour: (node, d) => engine.neighbour(node, directionNumber(d)),
  moveSelection(d) {
    const from = selection[selection.length - 1];
    let next: Node | null;
    if (from === undefined) {
      const { nodes } = engine.nodesIn(toWorld({ x: 0, y: 0, w, h }), 4096);
      next = nodes.length ? Math.min(...nodes) : null;
    } else {
      next = engine.neighbour(from, directionNumber(d));
    }
    if (next === null) return null;
    select([next], true);
    keepInView(next);
    return next;
  },
  screenRects(nodes) {
    const out = new Float64Array(nodes.length * 4).fill(NaN);
    nodes.forEach((n, i) => {
      const box = engine.box(n, false);
      if (!box) return;
      const r = toScreen(box);
      out.set([r.x, r.y, r.w, r.h], i * 4);
    });
    return out;
  },
  visibleNodes(limit) {
    const { nodes, total } = engine.nodesIn(toWorld({ x: 0, y: 0, w, h }), limit);
    const sorted = nodes.sort();
    return { nodes: sorted, rects: calls.screenRects(sorted) as Float64Array, total };
  },
  setTheme(t) {
    theme = t;
    screen.background = rgba(t.background);
    if (!graph) return;
    engine.theme(t);
    highlight();
    drawnWanted++;
    fresh = true;
    invalidate();
  },
  setStyles(s) {
    styles = s;
    engine.setStyles(s?.fill ?? null, s?.border ?? null, s?.text ?? null);
    drawnWanted++;
    invalidate();
  },
  setBars(b) {
    bars = b;
    applyBars();
    invalidate();
  },
  setHighlights(name, sets) {
    if (sets) highlights.set(name, sets);
    else highlights.delete(name);
    highlight();
    drawnWanted++;
    invalidate();
  },
  setDim(nodes) {
    keep = nodes;
    applyDim();
    invalidate();
  },
  setExtraEdges(name, edges) {
    if (edges) extra.set(name, edges);
    else extra.delete(name);
    applyExtra();
    invalidate();
  },
  async setLines(on) {
    linesOn = on;
    texts.clear();
    if (!graph) return;
    // What is selected keeps its place, else what is in the middle; what nobody has moved is seen as at first.
    const first = camera === atFirst && !selection.length, anchor = selection[0] ?? (first ? NONE : middle()?.node ?? NONE);
    engine.clearLines();
    if (on) await fillLines(anchor);
    else update(anchor);
    if (!first) return;
    firstLook();
    fresh = true;
    invalidate();
  },
  async setEdgeLabels(kind, most) {
    edgeLabelsAre = kind;
    edgeLabelsMost = most;
    if (!graph) return;
    await applyEdgeLabels();
    fresh = true;
    invalidate();
  },
  async png(o) {
    const { world, zoom, pixels } = frameOf(o);
    const canvas = new OffscreenCanvas(Math.max(Math.round(world.w * zoom * pixels), 1), Math.max(Math.round(world.h * zoom * pixels), 1));
    const c = canvas.getContext('2d')!;
    if (!o.transparent) {
      c.fillStyle = cssOf(rgba(theme.background));
      c.fillRect(0, 0, canvas.width, canvas.height);
    }
    paintWorld(c, world, zoom, pixels);
    return canvas.convertToBlob({ type: 'image/png' });
  },
  svg(o) {
    const size = engine.size();
    const world = o.area === 'view' ? toWorld({ x: 0, y: 0, w, h })
      : o.area === 'graph' ? { x: -24, y: -24, w: size.w + 48, h: size.h + 48 } : o.area;
    const zoom = o.area === 'view' ? camera.zoom : 1;
    engine.view(world.x + world.w / 2, world.y + world.h / 2, zoom, world.w * zoom, world.h * zoom, true);
    return new Blob([engine.svg(o.transparent ? null : theme.background)], { type: 'image/svg+xml' });
  },
  minimap(width, height) {
    const size = engine.size(), pad = 4;
    const zoom = Math.min((width - 2 * pad) / Math.max(size.w, 1), (height - 2 * pad) / Math.max(size.h, 1));
    const world = { x: size.w / 2 - width / 2 / zoom, y: size.h / 2 - height / 2 / zoom, w: width / zoom, h: height / zoom };
    const canvas = new OffscreenCanvas(Math.max(Math.round(width * ratio), 1), Math.max(Math.round(height * ratio), 1));
    const c = canvas.getContext('2d')!;
    c.fillStyle = cssOf(rgba(theme.background));
    c.fillRect(0, 0, canvas.width, canvas.height);
    // Drawn larger and shrunk: outlines are of one width at any zoom, and would be as wide as boxes here.
    paintWorld(c, world, zoom * MAP_FINE, ratio / MAP_FINE);
    return { image: canvas.transferToImageBitmap(), world };
  },
  tableTexts(id, nodes, texts) {
    const of = new Map<number, string>();
    nodes.forEach((n, i) => of.set(n, texts[i]!));
    tableTexts.set(id, of);
  },
  table: (query) => tabulate(graph!, tableTexts, query),
  saveState() {
    const g = graph!, layers = engine.expanded(), leftRight: string[] = [];
    const place = middle();
    if (engine.isLeftRight(choice.root)) leftRight.push('layer:');
    for (let n = 1; n < g.n; n++) if (g.isLayer(n) && n !== choice.root && engine.isLeftRight(n)) leftRight.push(g.id(n));
    return {
      camera: { ...(flight?.to ?? camera) },
      ...(place ? { anchor: { id: g.id(place.node), x: place.dx + camera.x, y: place.dy + camera.y, ...engine.size(), ...(camera === atFirst ? { first: true as const } : {}) } } : {}),
      expanded: layers.length > 20 && layers.length === g.nLayers - 1 ? 'all' : [...layers].map((n) => g.id(n)),
      ...(leftRight.length ? { leftRight } : {}),
      ...(choice.flatten ? { flatten: true } : {}),
      ...(choice.root ? { root: g.id(choice.root) } : {}),
      ...(selection.length ? { selection: selection.map((n) => g.id(n)) } : {}),
    };
  },
  async restoreState(state, animated) {
    const g = graph!, root = state.root ? (g.find(state.root) ?? 0) : 0, flatten = state.flatten ?? false;
    if (root !== choice.root || flatten !== choice.flatten) {
      choice = { ...choice, root, flatten };
      makeScene();
      texts.clear();
      await dress();
    }
    engine.expandAll(state.expanded === 'all');
    if (Array.isArray(state.expanded)) for (const id of state.expanded) engine.expand(g.find(id) ?? NONE, true, false);
    const wanted = new Set(state.leftRight ?? []);
    for (let n = 0; n < g.n; n++)
      if (g.isLayer(n) && (n === choice.root || n)) {
        const on = wanted.has(n === choice.root ? 'layer:' : g.id(n));
        if (on !== engine.isLeftRight(n)) engine.direction(n, on);
      }
    await updateAll(NONE, animated);
    select((state.selection ?? []).map((id) => g.find(id)).filter((n) => n !== undefined), false);
    if (state.camera) fly({ ...state.camera }, animated);
  },
  bounds: () => ({ x: 0, y: 0, ...engine.size() }),
  chosen: () => choice,
  stats() {
    const s = { wasmBytes: engine.memoryBytes, frames: timing.frames, longestFrameMs: timing.longest,
      meanFrameMs: timing.frames ? timing.total / timing.frames : 0, visible: shown };
    timing.frames = timing.longest = timing.total = 0;
    return s;
  },
};

function directionNumber(d: Direction): number {
  return ['down', 'right', 'up', 'left'].indexOf(d);
}

function makeScreen(canvas: OffscreenCanvas, wanted: 'auto' | RendererKind): Screen {
  // A canvas gives one kind of context only, so WebGL is tried on another one first.
  if (wanted !== 'canvas' && GlScreen.usable(wanted === 'webgl')) {
    const gl = GlScreen.make(canvas, engine, texts, invalidate);
    if (gl) return gl;
  }
  return new CanvasScreen(canvas, engine, texts);
}

// ---- the queue

/** These lay out or look at all the graph: one at a time, in order. */
const QUEUED = new Set<keyof Calls>(['start', 'load', 'choose', 'expand', 'expandAll', 'setExpanded', 'setDirection', 'setLines',
  'setEdgeLabels', 'reveal', 'restoreState', 'saveState', 'png', 'svg', 'minimap', 'select', 'fit', 'table']);
/** And these need a graph to be there. */
const WITHOUT_GRAPH = new Set<keyof Calls>(['prepare', 'read', 'start', 'resize', 'load', 'setTheme', 'stats', 'leave', 'hover', 'pointer',
  'setLines', 'setEdgeLabels']);
let queue: Promise<unknown> = Promise.resolve();

async function run(call: keyof Calls, args: unknown[], id: number): Promise<void> {
  try {
    if (!graph && !WITHOUT_GRAPH.has(call)) throw new Error('No graph has been loaded.');
    const value = await (calls[call] as (...a: unknown[]) => unknown)(...args);
    port.postMessage({ id, value }, call === 'minimap' ? [(value as { image: ImageBitmap }).image] : []);
  } catch (e) {
    const error = e instanceof Error ? e.message : String(e);
    port.postMessage({ id, error, cancelled: e instanceof EngineError && e.status === Status.Cancelled });
  }
}

port.onmessage = (event) => {
  const m = event.data;
  if ('answer' in m) {
    asked.get(m.id)?.(m.answer);
    asked.delete(m.id);
    return;
  }
  if (QUEUED.has(m.call)) queue = queue.then(() => run(m.call, m.args, m.id));
  else void run(m.call, m.args, m.id);
};
