// view.ts - the view on the page: GraphView makes a canvas in its host element, gives it to a worker with the engine, and
// passes calls and events between them. types.ts says what each call does.
//
// What the view does by itself: drag pans; wheel pans, with Ctrl (or pinch) zooms at the pointer; a click selects, with
// Shift toggles, on a layer's arrow opens or closes it, on an empty place deselects; a double click on a layer opens or
// closes it (Alt: with all inside), on an empty place zooms in; Ctrl+drag draws a band and zooms to it, Shift+drag one
// that selects. Menus, the icon of calls and the keyboard are the page's, from the events.
import type { TableQuery, TableResult } from './op_table';
import type { Asks, Calls, Choice, FromWorker, SetMessage, ToWorker } from './protocol';
import type {
  Bar, Camera, Direction, EdgeLabelsCallback, ExpandOptions, ExpansionInfo, ExtraEdge, Fonts, GraphViewApi, GraphViewEvents,
  GraphViewOptions, HighlightSet, Hit, ImageOptions, LinesCallback, LoadInfo, LoadOptions, Minimap, Node, NodeLine,
  NodeStyles, ParameterEdges, Rect, RendererKind, RevealOptions, Theme, ViewState,
} from './types';
import { USUAL_FONTS } from './types';
import { rgba } from './wasm';

export type * from './types';

/** Pixels a press may move and still be a click. */
const CLICK_SLOP = 3;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A wait that was ended by cancel(), destroy() or a newer load. */
export class Cancelled extends Error {
  override name = 'AbortError';
}

const numbers = (nodes: Iterable<number>): Uint32Array => (nodes instanceof Uint32Array ? nodes : Uint32Array.from(nodes));

/** A line as scene_set_lines takes it: no control characters but those that part key and value. */
function encodeLines(lines: NodeLine[]): string {
  const clean = (s: string): string => s.replace(/[\0-\x1f]+/g, ' ');
  return lines.map((l) => `${l.key ? `${clean(l.key)}\x1f` : ''}${clean(l.value).slice(0, 300)}\n`).join('');
}

export class GraphView implements GraphViewApi {
  /** What `auto` came to on this page: trying WebGL out takes a while, so it is done once. */
  private static found: RendererKind | null = null;

  renderer: RendererKind | null = null;
  camera: Camera = { x: 0, y: 0, zoom: 1 };
  selection: readonly Node[] = [];
  world: Rect = { x: 0, y: 0, w: 0, h: 0 };

  private worker!: Worker;
  private canvas!: HTMLCanvasElement;
  private readonly bandBox: HTMLDivElement;
  private readonly listeners = new Map<keyof GraphViewEvents, Set<(e: never) => void>>();
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private expandedSet = new Set<Node>();
  private expansion: ExpansionInfo = { visible: 0, expanded: 0, layoutMs: 0, layers: new Uint32Array() };
  private choice: Choice = { root: 0, flatten: false, dissolve: false, parameters: 'auto', hidden: null, fonts: USUAL_FONTS };
  private linesCallback: LinesCallback | null = null;
  private labelsCallback: EdgeLabelsCallback | null = null;
  private labelsAre: 'none' | 'type' | 'asked' = 'none';
  private labelsMost = 0;
  /** What to tell a new worker of the looks of the graph, by name of the call. */
  private readonly looks = new Map<string, () => Promise<unknown>>();
  private theme: Theme;
  private bytes: ArrayBuffer | null = null;
  private started: Promise<void>;
  private destroyed = false;
  private readonly cleanup: (() => void)[] = [];

  constructor(readonly host: HTMLElement, private readonly options: GraphViewOptions) {
    this.theme = options.theme;
    if (getComputedStyle(host).position === 'static') host.style.position = 'relative';
    host.style.overflow = 'hidden';
    host.style.touchAction = 'none';
    this.bandBox = document.createElement('div');
    this.bandBox.style.cssText = 'position:absolute;display:none;pointer-events:none;border-radius:2px;z-index:1';
    this.started = this.start();
    this.started.catch((e: unknown) => this.fire('error', { message: e instanceof Error ? e.message : String(e) }));
    this.listenToPointer();
    const observer = new ResizeObserver(() => this.resized());
    observer.observe(host);
    this.cleanup.push(() => observer.disconnect());
    this.watchRatio();
  }

  // ---- worker

  private async start(): Promise<void> {
    const canvas = (this.canvas = document.createElement('canvas'));
    canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;display:block';
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', this.options.label ?? 'Graph');
    this.host.prepend(canvas);
    this.host.append(this.bandBox);
    const worker = (this.worker = this.options.worker());
    worker.onmessage = (e: MessageEvent<FromWorker>) => this.receive(e.data);
    worker.onerror = (e) => this.failed(`The drawing engine has stopped: ${e.message || 'its script did not load'}. Reload the page.`);
    const offscreen = canvas.transferControlToOffscreen();
    const { w, h } = this.hostSize();
    await this.send('start', [{
      canvas: offscreen, wasm: this.options.wasm, theme: this.theme, w, h,
      renderer: this.options.renderer === undefined || this.options.renderer === 'auto' ? GraphView.found ?? 'auto' : this.options.renderer,
      ratio: devicePixelRatio, still: this.options.still ?? matchMedia('(prefers-reduced-motion: reduce)').matches,
    }], [offscreen]);
  }

  private failed(message: string): void {
    for (const p of this.pending.values()) p.reject(new Error(message));
    this.pending.clear();
    this.fire('error', { message });
  }

  private send<K extends keyof Calls>(call: K, args: Parameters<Calls[K]>, transfer: Transferable[] = []): Promise<ReturnType<Calls[K]>> {
    const id = this.nextId++;
    const message: ToWorker = { call, args, id };
    const answer = new Promise<ReturnType<Calls[K]>>((resolve, reject) =>
      this.pending.set(id, { resolve: resolve as (v: unknown) => void, reject }));
    this.worker.postMessage(message, transfer);
    return answer;
  }

  /** After the worker has started. */
  private async call<K extends keyof Calls>(call: K, ...args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    await this.started;
    if (this.destroyed) throw new Cancelled('The view was closed.');
    return this.send(call, args);
  }
  /** For calls without an answer; a failure is told as an event. */
  private post<K extends keyof Calls>(call: K, ...args: Parameters<Calls[K]>): void {
    this.call(call, ...args).catch((e: unknown) => {
      if (!(e instanceof Cancelled)) this.fire('error', { message: e instanceof Error ? e.message : String(e) });
    });
  }

  private receive(m: FromWorker): void {
    if ('event' in m) {
      this.noted(m.event, m.data);
      this.fire(m.event, m.data as never);
    } else if ('ask' in m) {
      void this.answer(m.ask, m.args, m.id);
    } else {
      const p = this.pending.get(m.id);
      this.pending.delete(m.id);
      if (m.error === undefined) p?.resolve(m.value);
      else p?.reject(m.cancelled ? new Cancelled(m.error) : new Error(m.error));
    }
  }

  private async answer(ask: keyof Asks, args: unknown[], id: number): Promise<void> {
    const numbersAsked = [...(args[0] as Uint32Array)];
    let out: string[] = [];
    try {
      if (ask === 'lines') out = (await this.linesCallback?.(numbersAsked) ?? []).map(encodeLines);
      else out = (await this.labelsCallback?.(numbersAsked)) ?? [];
    } catch (e) {
      this.fire('error', { message: e instanceof Error ? e.message : String(e) });
    }
    const message: ToWorker = { answer: out, id };
    this.worker.postMessage(message);
  }

  /** Keeps what can be read without waiting. */
  private noted(event: keyof GraphViewEvents, data: unknown): void {
    switch (event) {
      case 'camera':
        this.camera = data as Camera;
        break;
      case 'selection':
        this.selection = (data as GraphViewEvents['selection']).nodes;
        break;
      case 'expansion':
        this.expansion = data as ExpansionInfo;
        this.expandedSet = new Set(this.expansion.layers);
        break;
      case 'ready':
        this.renderer = (data as LoadInfo).renderer;
        if ((this.options.renderer ?? 'auto') === 'auto') GraphView.found = this.renderer;
        performance.mark('graph-drawn'); // measured by bench/viewer.mjs
        break;
      case 'hover': {
        const region = (data as Hit | null)?.region;
        this.host.style.cursor = region === 'toggle' || region === 'menu' || region === 'subgraph' ? 'pointer' : '';
        break;
      }
      default:
    }
  }

  on<K extends keyof GraphViewEvents>(type: K, listener: (event: GraphViewEvents[K]) => void): () => void {
    let set = this.listeners.get(type);
    if (!set) this.listeners.set(type, (set = new Set()));
    set.add(listener as (e: never) => void);
    return () => set.delete(listener as (e: never) => void);
  }
  private fire<K extends keyof GraphViewEvents>(type: K, event: GraphViewEvents[K]): void {
    for (const l of [...(this.listeners.get(type) ?? [])]) (l as (e: GraphViewEvents[K]) => void)(event);
  }

  private stop(message: string): void {
    this.worker.terminate();
    for (const p of this.pending.values()) p.reject(new Cancelled(message));
    this.pending.clear();
    this.canvas.remove();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    for (const c of this.cleanup) c();
    this.stop('The view was closed.');
    this.bandBox.remove();
    this.listeners.clear();
  }

  // ---- size

  private hostSize(): { w: number; h: number } {
    return { w: this.host.clientWidth, h: this.host.clientHeight };
  }
  private resized(): void {
    const { w, h } = this.hostSize();
    if (w && h && !this.destroyed) this.post('resize', w, h, devicePixelRatio);
  }
  /** A window moved to a screen with other pixels, or a zoomed page. */
  private watchRatio(): void {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = (): void => {
      this.resized();
      this.watchRatio();
    };
    query.addEventListener('change', changed, { once: true });
    this.cleanup.push(() => query.removeEventListener('change', changed));
  }

  // ---- pointer

  private listenToPointer(): void {
    const host = this.host;
    let press: { x: number; y: number; lastX: number; lastY: number; moved: boolean; band: 'zoom' | 'select' | null } | null = null;
    let hover: { x: number; y: number } | null = null;
    const touches = new Map<number, { x: number; y: number }>();
    const at = (e: MouseEvent): { x: number; y: number } => {
      const r = host.getBoundingClientRect();
      return { x: e.clientX - r.left, y: e.clientY - r.top };
    };
    const keys = (e: MouseEvent) => ({ alt: e.altKey, ctrl: e.ctrlKey || e.metaKey, shift: e.shiftKey });
    const listen = <K extends keyof HTMLElementEventMap>(type: K, f: (e: HTMLElementEventMap[K]) => void, passive = true): void => {
      host.addEventListener(type, f, { passive });
      this.cleanup.push(() => host.removeEventListener(type, f));
    };
    // What the page puts over the canvas (menus, buttons) has its own pointer.
    const ours = (e: Event): boolean => e.target === this.canvas || e.target === host;

    listen('pointerdown', (e) => {
      if (!ours(e) || e.button === 2) return;
      host.setPointerCapture(e.pointerId);
      const p = at(e);
      touches.set(e.pointerId, p);
      if (touches.size > 1) {
        press = null;
        return;
      }
      const band = e.ctrlKey || e.metaKey ? 'zoom' as const : e.shiftKey ? 'select' as const : null;
      press = { ...p, lastX: p.x, lastY: p.y, moved: false, band };
    });
    listen('pointermove', (e) => {
      const p = at(e);
      const old = touches.get(e.pointerId);
      if (old && touches.size === 2) {
        // Two fingers: the picture stays under both.
        const other = [...touches].find(([id]) => id !== e.pointerId)![1];
        const was = Math.hypot(old.x - other.x, old.y - other.y), is = Math.hypot(p.x - other.x, p.y - other.y);
        if (was > 0) this.post('zoomBy', is / was, (p.x + other.x) / 2, (p.y + other.y) / 2, false);
        this.post('panBy', (old.x - p.x) / 2, (old.y - p.y) / 2);
        touches.set(e.pointerId, p);
        return;
      }
      if (old) touches.set(e.pointerId, p);
      if (!press) {
        if (!ours(e)) return;
        // One question per frame is enough.
        if (!hover) requestAnimationFrame(() => {
          if (hover && !press && !this.destroyed) this.post('hover', hover.x, hover.y);
          hover = null;
        });
        hover = p;
        return;
      }
      if (!press.moved && Math.hypot(p.x - press.x, p.y - press.y) <= CLICK_SLOP) return;
      press.moved = true;
      if (press.band) {
        this.drawBand({ x: Math.min(p.x, press.x), y: Math.min(p.y, press.y), w: Math.abs(p.x - press.x), h: Math.abs(p.y - press.y) });
      } else {
        host.style.cursor = 'grabbing';
        this.post('panBy', press.lastX - p.x, press.lastY - p.y);
      }
      press.lastX = p.x;
      press.lastY = p.y;
    });
    const release = (e: PointerEvent, cancelled: boolean): void => {
      touches.delete(e.pointerId);
      const done = press;
      press = null;
      host.style.cursor = '';
      this.drawBand(null);
      if (!done || cancelled) return;
      if (!done.moved) {
        if (e.button === 0) this.post('pointer', 'click', done.x, done.y, keys(e));
      } else if (done.band) {
        const p = at(e);
        this.post('band', { x: Math.min(p.x, done.x), y: Math.min(p.y, done.y), w: Math.abs(p.x - done.x), h: Math.abs(p.y - done.y) }, done.band);
      }
    };
    listen('pointerup', (e) => release(e, false));
    listen('pointercancel', (e) => release(e, true));
    listen('pointerleave', () => {
      hover = null;
      if (!press && !this.destroyed) this.post('leave');
    });
    listen('dblclick', (e) => {
      if (ours(e)) this.post('pointer', 'dblclick', at(e).x, at(e).y, keys(e));
    });
    listen('contextmenu', (e) => {
      if (!ours(e)) return;
      e.preventDefault();
      this.post('pointer', 'contextmenu', at(e).x, at(e).y, keys(e));
    }, false);
    listen('wheel', (e) => {
      if (!ours(e)) return;
      e.preventDefault();
      const lines = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? this.hostSize().h : 1, p = at(e);
      if (e.ctrlKey || e.metaKey) {
        const d = Math.max(Math.min(e.deltaY * lines, 120), -120);
        this.post('zoomBy', Math.exp(-d * 0.0045), p.x, p.y, Math.abs(d) > 60);
      } else if (e.shiftKey && !e.deltaX) {
        this.post('panBy', e.deltaY * lines, 0);
      } else {
        this.post('panBy', e.deltaX * lines, e.deltaY * lines);
      }
    }, false);
  }

  private drawBand(r: Rect | null): void {
    const s = this.bandBox.style;
    s.display = r ? 'block' : 'none';
    if (!r) return;
    s.border = `1px solid ${this.theme.accent}`;
    s.background = `${this.theme.accent}22`;
    s.left = `${r.x}px`;
    s.top = `${r.y}px`;
    s.width = `${r.w}px`;
    s.height = `${r.h}px`;
  }

  // ---- graph

  get root(): Node {
    return this.choice.root;
  }
  get flattened(): boolean {
    return this.choice.flatten;
  }

  async load(bytes: ArrayBuffer, options: LoadOptions = {}): Promise<LoadInfo> {
    const { signal } = options;
    signal?.throwIfAborted();
    this.choice = {
      root: options.root ?? 0, flatten: options.flatten ?? false, dissolve: options.dissolveSingles ?? false,
      parameters: options.parameters ?? 'auto', hidden: options.hidden ? numbers(options.hidden) : null,
      fonts: options.fonts ?? USUAL_FONTS,
    };
    await this.started;
    this.bytes = options.transfer ? null : bytes;
    this.looks.clear();
    const abort = (): void => this.cancel();
    signal?.addEventListener('abort', abort);
    try {
      const info = await this.send('load', [bytes, this.choice, options.state ?? null], options.transfer ? [bytes] : []);
      await this.noteWorld();
      return info;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  private async noteWorld(): Promise<void> {
    this.world = await this.call('bounds');
  }

  /** The worker is busy while it lays out and hears nothing: it is ended, and a new one gets what was there before. */
  cancel(): void {
    if (!this.pending.size || this.destroyed) return;
    const bytes = this.bytes, layers = this.expansion.layers, camera = this.camera, { choice, linesCallback } = this;
    const had = this.expansion.visible > 0, selection = numbers(this.selection);
    this.stop('Cancelled.');
    this.started = this.start().then(async () => {
      await this.send('setEdgeLabels', [this.labelsAre, this.labelsMost]);
      if (!bytes || !had) return;
      await this.send('load', [bytes, choice, { expanded: [], camera }]);
      for (const again of this.looks.values()) await again();
      if (linesCallback) await this.send('setLines', [true]);
      await this.send('setExpanded', [layers, 0xffffffff]);
      await this.send('select', [selection]);
      await this.send('setCamera', [camera, false]);
    });
    this.started.catch((e: unknown) => this.fire('error', { message: e instanceof Error ? e.message : String(e) }));
  }

  private async choose(choice: Partial<Choice>): Promise<LoadInfo> {
    this.choice = { ...this.choice, ...choice };
    const info = await this.call('choose', this.choice);
    await this.noteWorld();
    return info;
  }
  setRoot(layer: Node): Promise<LoadInfo> {
    return this.choose({ root: layer });
  }
  setFlatten(on: boolean): Promise<LoadInfo> {
    return this.choose({ flatten: on });
  }
  setHidden(nodes: Iterable<Node>): Promise<LoadInfo> {
    return this.choose({ hidden: numbers(nodes) });
  }
  setParameterEdges(parameters: ParameterEdges): Promise<LoadInfo> {
    return this.choose({ parameters });
  }
  setDissolveSingles(on: boolean): Promise<LoadInfo> {
    return this.choose({ dissolve: on });
  }
  setFonts(fonts: Fonts): Promise<LoadInfo> {
    return this.choose({ fonts });
  }

  // ---- layers

  isExpanded(layer: Node): boolean {
    return this.expandedSet.has(layer);
  }
  /** The expansion event of a change comes before its answer. */
  private async changed(done: Promise<unknown>): Promise<ExpansionInfo> {
    await done;
    await this.noteWorld();
    return this.expansion;
  }
  expand(layer: Node, options: ExpandOptions = {}): Promise<ExpansionInfo> {
    return this.changed(this.call('expand', layer, true, options));
  }
  collapse(layer: Node, options: ExpandOptions = {}): Promise<ExpansionInfo> {
    return this.changed(this.call('expand', layer, false, options));
  }
  toggle(layer: Node, options: ExpandOptions = {}): Promise<ExpansionInfo> {
    return this.changed(this.call('expand', layer, null, options));
  }
  expandAll(): Promise<ExpansionInfo> {
    return this.changed(this.call('expandAll', true));
  }
  collapseAll(): Promise<ExpansionInfo> {
    return this.changed(this.call('expandAll', false));
  }
  setExpanded(layers: Iterable<Node>, anchor?: Node): Promise<ExpansionInfo> {
    return this.changed(this.call('setExpanded', numbers(layers), anchor ?? 0xffffffff));
  }
  setDirection(layer: Node, leftRight: boolean): Promise<ExpansionInfo> {
    return this.changed(this.call('setDirection', layer, leftRight));
  }

  // ---- camera

  setCamera(camera: Camera, animated = false): void {
    this.post('setCamera', camera, animated);
  }
  fit(nodes?: Iterable<Node>, animated = true): void {
    this.post('fit', nodes ? numbers(nodes) : null, animated);
  }
  zoomTo(rect: Rect, animated = true): void {
    this.post('zoomTo', rect, animated);
  }
  zoomBy(factor: number, at?: { x: number; y: number }, animated = true): void {
    const { w, h } = this.hostSize();
    this.post('zoomBy', factor, at?.x ?? w / 2, at?.y ?? h / 2, animated);
  }
  panBy(dx: number, dy: number): void {
    this.post('panBy', dx, dy);
  }
  reveal(node: Node, options: RevealOptions = {}): Promise<void> {
    return this.call('reveal', node, options);
  }

  // ---- selection

  select(nodes: Iterable<Node>): void {
    this.post('select', numbers(nodes));
  }
  setSelectionEdges(options: { inputs: boolean; outputs: boolean; layers: boolean }): void {
    this.look('setSelectionEdges', 'setSelectionEdges', options);
  }
  hit(x: number, y: number): Promise<Hit> {
    return this.call('hit', x, y);
  }
  neighbour(node: Node, direction: Direction): Promise<Node | null> {
    return this.call('neighbour', node, direction);
  }
  moveSelection(direction: Direction): Promise<Node | null> {
    return this.call('moveSelection', direction);
  }
  async screenRect(node: Node): Promise<Rect | null> {
    const [x, y, w, h] = await this.screenRects([node]) as unknown as [number, number, number, number];
    return Number.isNaN(x) ? null : { x, y, w, h };
  }
  screenRects(nodes: Node[]): Promise<Float64Array> {
    return this.call('screenRects', numbers(nodes));
  }
  visibleNodes(limit = 1000): Promise<{ nodes: Uint32Array; rects: Float64Array; total: number }> {
    return this.call('visibleNodes', limit);
  }

  // ---- looks

  private look<K extends keyof Calls>(name: string, call: K, ...args: Parameters<Calls[K]>): void {
    this.looks.set(name, () => this.send(call, args));
    this.post(call, ...args);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.post('setTheme', theme);
  }
  setStyles(styles: NodeStyles | null): void {
    this.look('setStyles', 'setStyles', styles);
  }
  setBars(bars: Bar[]): void {
    this.look('setBars', 'setBars', bars);
  }
  setHighlights(name: string, sets: HighlightSet[] | null): void {
    const messages = sets?.map((s): SetMessage => ({
      nodes: numbers(s.nodes ?? []), edges: numbers(s.edges ?? []), color: rgba(s.color), fill: s.fill ? rgba(s.fill) : 0,
      width: s.width ?? 2, through: s.throughLayers ?? true,
    }));
    this.look(`highlights ${name}`, 'setHighlights', name, messages ?? null);
  }
  setDim(keep: Iterable<Node> | null): void {
    this.look('setDim', 'setDim', keep && numbers(keep));
  }
  setExtraEdges(name: string, edges: ExtraEdge[] | null): void {
    this.look(`edges ${name}`, 'setExtraEdges', name, edges);
  }
  setLines(callback: LinesCallback | null): Promise<void> {
    this.linesCallback = callback;
    return this.call('setLines', callback !== null);
  }
  setEdgeLabels(labels: 'none' | 'type' | EdgeLabelsCallback, most = 0): Promise<void> {
    this.labelsMost = most;
    this.labelsCallback = typeof labels === 'function' ? labels : null;
    this.labelsAre = typeof labels === 'function' ? 'asked' : labels;
    return this.call('setEdgeLabels', this.labelsAre, most);
  }

  // ---- pictures

  png(options: ImageOptions): Promise<Blob> {
    return this.call('png', options);
  }
  svg(options: ImageOptions): Promise<Blob> {
    return this.call('svg', options);
  }
  minimap(width: number, height: number): Promise<Minimap> {
    return this.call('minimap', width, height);
  }

  // ---- tables

  table(query: TableQuery): Promise<TableResult> {
    return this.call('table', query);
  }
  tableTexts(id: string, nodes: Uint32Array, texts: string[]): void {
    this.look(`table ${id}`, 'tableTexts', id, nodes, texts);
  }

  // ---- state

  saveState(): Promise<ViewState> {
    return this.call('saveState');
  }
  async restoreState(state: ViewState, animated = true): Promise<void> {
    await this.call('restoreState', state, animated);
    this.choice = { ...this.choice, ...(await this.call('chosen')) };
    await this.noteWorld();
  }
  stats(): Promise<{ wasmBytes: number; frames: number; longestFrameMs: number; meanFrameMs: number; visible: number }> {
    return this.call('stats');
  }
}
