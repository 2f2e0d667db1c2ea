// protocol.ts - the messages between GraphView (view.ts) and its worker (worker.ts).
import type { TableQuery, TableResult } from './op_table';
import type {
  Bar, Camera, Direction, ExpandOptions, ExtraEdge, Fonts, GraphViewEvents, Hit, ImageOptions, LoadInfo, Node, NodeStyles, ParameterEdges, Rect,
  RendererKind, RevealOptions, Theme, ViewState,
} from './types';

export interface SetMessage {
  nodes: Uint32Array;
  edges: Uint32Array;
  color: number;
  fill: number;
  width: number;
  through: boolean;
}

export interface Choice {
  root: Node;
  flatten: boolean;
  dissolve: boolean;
  parameters: ParameterEdges;
  hidden: Uint32Array | null;
  fonts: Fonts;
}

/** What the worker does, and what it answers. */
export interface Calls {
  /** Begins to load and compile the engine, before there is a canvas. */
  prepare(wasm: ArrayBuffer | string): void;
  /** Reads a graph for the page (app/early.ts), before there is a canvas. */
  read(address: string, to: MessagePort): void;
  start(o: { canvas: OffscreenCanvas; wasm: ArrayBuffer | string; theme: Theme; renderer: 'auto' | RendererKind;
    w: number; h: number; ratio: number; still: boolean }): void;
  resize(w: number, h: number, ratio: number): void;
  load(bytes: ArrayBuffer, choice: Choice, state: ViewState | null): LoadInfo;
  choose(choice: Choice): LoadInfo;
  expand(layer: Node, on: boolean | null, o: ExpandOptions): void;
  expandAll(on: boolean): void;
  setExpanded(layers: Uint32Array, anchor: number): void;
  setDirection(layer: Node, leftRight: boolean): void;
  setCamera(camera: Camera, animated: boolean): void;
  fit(nodes: Uint32Array | null, animated: boolean): void;
  zoomTo(rect: Rect, animated: boolean): void;
  zoomBy(factor: number, x: number, y: number, animated: boolean): void;
  panBy(dx: number, dy: number): void;
  reveal(node: Node, o: RevealOptions): void;
  select(nodes: Uint32Array): void;
  setSelectionEdges(o: { inputs: boolean; outputs: boolean; layers: boolean }): void;
  hit(x: number, y: number): Hit;
  hover(x: number, y: number): void;
  leave(): void;
  pointer(type: 'click' | 'dblclick' | 'contextmenu', x: number, y: number, keys: Keys): void;
  band(rect: Rect, purpose: 'select' | 'zoom'): void;
  neighbour(node: Node, d: Direction): Node | null;
  moveSelection(d: Direction): Node | null;
  screenRects(nodes: Uint32Array): Float64Array;
  visibleNodes(limit: number): { nodes: Uint32Array; rects: Float64Array; total: number };
  setTheme(theme: Theme): void;
  setStyles(styles: NodeStyles | null): void;
  setBars(bars: Bar[]): void;
  setHighlights(name: string, sets: SetMessage[] | null): void;
  setDim(keep: Uint32Array | null): void;
  setExtraEdges(name: string, edges: ExtraEdge[] | null): void;
  setLines(on: boolean): void;
  setEdgeLabels(kind: 'none' | 'type' | 'asked', most: number): void;
  png(o: ImageOptions): Blob;
  svg(o: ImageOptions): Blob;
  minimap(w: number, h: number): { image: ImageBitmap; world: Rect };
  tableTexts(id: string, nodes: Uint32Array, texts: string[]): void;
  table(query: TableQuery): TableResult;
  saveState(): ViewState;
  restoreState(state: ViewState, animated: boolean): void;
  bounds(): Rect;
  chosen(): Choice;
  stats(): { wasmBytes: number; frames: number; longestFrameMs: number; meanFrameMs: number; visible: number };
}

export interface Keys {
  alt: boolean;
  ctrl: boolean;
  shift: boolean;
}

/** Questions of the worker to the page. */
export interface Asks {
  /** Texts in the form of scene_set_lines, one per node. */
  lines(nodes: Uint32Array): string[];
  edgeLabels(edges: Uint32Array): string[];
}

export type ToWorker =
  | { call: keyof Calls; args: unknown[]; id: number }
  | { answer: unknown; id: number };

export type FromWorker =
  | { id: number; value?: unknown; error?: string; cancelled?: boolean }
  | { ask: keyof Asks; args: unknown[]; id: number }
  | { event: keyof GraphViewEvents; data: unknown };
