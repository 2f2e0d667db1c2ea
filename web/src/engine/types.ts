// types.ts - what the drawing engine offers to the rest of the page. The class that does it is GraphView in view.ts.
//
// Words. A *node* is an op, an argument or a layer, named by its number in the compact graph (docs/graph-format.md):
// node 0 is the root layer. A node is *visible* when all layers around it are expanded; what is said about an invisible
// node is shown on the layer that hides it, its *stand-in*. World coordinates are those of the layout (pixels at zoom
// 1, y down); screen coordinates are CSS pixels from the upper left corner of the host element.
//
// The engine runs in a worker: calls return at once and are carried out in order; what needs an answer returns a
// promise. Colours are CSS colours of the forms #rgb, #rrggbb, #rrggbbaa.

import type { TableQuery, TableResult } from './op_table';

/** Number of a node in the compact graph. */
export type Node = number;

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** The world point in the middle of the view, and CSS pixels per world unit. */
export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

export type Direction = 'down' | 'right' | 'left' | 'up';

/** What an op does, for its colour and the legend. */
export type Category =
  | 'matmul' | 'conv' | 'elementwise' | 'movement' | 'reduction' | 'normalization' | 'ccl' | 'constant' | 'argument'
  | 'return' | 'call' | 'memory' | 'other';

/** Colours of a theme. `text` and `muted` are drawn on `surface` and on every category's fill. */
export interface Theme {
  background: string;
  /** Fill of ops without a category colour, and of collapsed layers. */
  surface: string;
  layer: string;
  /** Fill of expanded layers by depth; deeper ones repeat the last. */
  depths: string[];
  border: string;
  layerBorder: string;
  text: string;
  muted: string;
  edge: string;
  accent: string;
  input: string;
  output: string;
  match: string;
  identical: string;
  /** Fill and border of each category. */
  categories: Record<Category, { fill: string; border: string }>;
}

/** How the canvas is drawn: `auto` takes WebGL 2 unless it is missing or emulated in software. */
export type RendererKind = 'webgl' | 'canvas';

export interface GraphViewOptions {
  /** Makes the engine's worker: `() => new Worker(url)`, or one from a Blob URL. */
  worker: () => Worker;
  /** The engine in WebAssembly: its bytes, or its address. The worker compiles it: that blocks the thread it is done on. */
  wasm: ArrayBuffer | string;
  theme: Theme;
  renderer?: 'auto' | RendererKind;
  /** Name for assistive technology. */
  label?: string;
  /** No animation (also taken from prefers-reduced-motion). */
  still?: boolean;
}

/** Edges out of the arguments of functions, and of what prepares a single one for use in another layer. `quiet`: not laid out, so that hundreds of weights do not pull the drawing
 * apart; ops that read some bear a mark, and selecting shows the edges. `auto`: quiet when there are more than 40. */
export type ParameterEdges = 'auto' | 'shown' | 'quiet';

/** Sizes of fonts at zoom 1; boxes are as much larger or smaller as their texts. */
export interface Fonts {
  op: number;
  layer: number;
  edge: number;
}
export const USUAL_FONTS: Fonts = { op: 12, layer: 12, edge: 9.5 };

export interface LoadOptions {
  /** Show only the inside of this layer (popups, sub-graphs). */
  root?: Node;
  /** No layers at all. */
  flatten?: boolean;
  /** Show these ops nowhere, and no edge of theirs. */
  hidden?: Iterable<Node>;
  /** Dissolve layers that hold one op only. */
  dissolveSingles?: boolean;
  parameters?: ParameterEdges;
  fonts?: Fonts;
  /** What the view looked like before; node ids that are gone are passed over. */
  state?: ViewState;
  /** The engine takes the bytes instead of a copy. */
  transfer?: boolean;
  signal?: AbortSignal;
}

export interface LoadInfo {
  nodes: number;
  edges: number;
  /** Boxes that are visible now. */
  visible: number;
  /** Milliseconds: reading, layout, and until the first frame was drawn. */
  readMs: number;
  layoutMs: number;
  frameMs: number;
  renderer: RendererKind;
}

/** Everything needed to show a graph again as it was; survives changes of the model, being made of ids. */
export interface ViewState {
  camera?: Camera;
  /** The node nearest to the middle of the view, where its own middle was, and how large the drawing: in another stage of the model
   * it may be elsewhere. `first`: nobody has moved the view. */
  anchor?: { id: string; x: number; y: number; w: number; h: number; first?: true };
  /** Ids of expanded layers, or all of them. */
  expanded?: string[] | 'all';
  /** Ids of layers whose children flow left to right; "layer:" is the root. */
  leftRight?: string[];
  flatten?: boolean;
  /** Id of the layer shown as a graph of its own. */
  root?: string;
  selection?: string[];
}

export type Region =
  | 'node' | 'toggle' | 'menu' /* the three dots of a layer */ | 'subgraph' /* the icon of a call */ | 'edge' | 'empty';

/** What lies under the pointer. */
export interface Hit {
  region: Region;
  /** The node, or the layer around an edge or an empty place. */
  node: Node;
  /** Of an edge: numbers of the compact graph's edges which the line stands for. */
  edges: number[];
  /** Where, in screen and world coordinates. */
  x: number;
  y: number;
  worldX: number;
  worldY: number;
  alt: boolean;
  ctrl: boolean;
  shift: boolean;
}

export interface ExpansionInfo {
  visible: number;
  /** Layers that are expanded and visible. */
  expanded: number;
  layoutMs: number;
  /** All that is expanded, as the view would say it to `isExpanded`. */
  layers: Uint32Array;
}

export interface GraphViewEvents {
  ready: LoadInfo;
  /** A wait: `done` from 0 to 1; cancel() ends it. */
  progress: { stage: 'read' | 'layout' | 'lines' | 'image'; done: number };
  click: Hit;
  dblclick: Hit;
  contextmenu: Hit;
  /** Null when the pointer has left. Sent when what lies under it changes. */
  hover: Hit | null;
  /** The selection changed, by whomever. */
  selection: { nodes: Node[]; byUser: boolean };
  camera: Camera;
  expansion: ExpansionInfo;
  /** A rubber band was drawn (Shift: selects; Ctrl: zooms, which the view does itself). */
  band: { rect: Rect; nodes: Node[]; purpose: 'select' | 'zoom' };
  /** After a change was carried out and drawn; tests wait for it. */
  drawn: { frames: number };
  /** A sentence. */
  error: { message: string };
}

/** A group of nodes or edges to be made visible. Later sets lie over earlier ones. */
export interface HighlightSet {
  nodes?: Iterable<Node>;
  /** Numbers of edges of the compact graph; their lines get the colour. */
  edges?: Iterable<number>;
  /** Colour of outline and lines. */
  color: string;
  /** Of the outline, in CSS pixels; 2 when not given. */
  width?: number;
  /** Fill for the nodes. */
  fill?: string;
  /** Show it on the stand-ins of invisible nodes too (default true). */
  throughLayers?: boolean;
}

/** Colours of nodes, one number 0xRRGGBBAA per node; 0 is "as usual". Layers too have their places. */
export interface NodeStyles {
  fill?: Uint32Array;
  border?: Uint32Array;
  text?: Uint32Array;
}

/** A bar along the lower edge of a node, for a collapsed layer what it hides: pieces from left to right. */
export interface Bar {
  node: Node;
  pieces: { share: number; color: string }[];
}

export interface ExtraEdge {
  from: Node;
  to: Node;
  color: string;
  width?: number;
  label?: string;
}

/** A line of text on a node. */
export interface NodeLine {
  key?: string;
  value: string;
}

/** Gives the lines of some nodes, in their order; asked in chunks, for visible nodes only. */
export type LinesCallback = (nodes: Node[]) => NodeLine[][] | Promise<NodeLine[][]>;
/** Gives the labels of some edges, in their order. */
export type EdgeLabelsCallback = (edges: number[]) => string[] | Promise<string[]>;

export interface ImageOptions {
  /** What to show: the view as it is, or all of the graph as expanded now. */
  area: 'view' | 'graph' | Rect;
  /** Pixels per CSS pixel (view) or per world unit (graph); less when the picture would pass `maxSide`. */
  scale?: number;
  /** Longest side in pixels; 16384 when not given. */
  maxSide?: number;
  transparent?: boolean;
}

/** The minimap's picture. */
export interface Minimap {
  image: ImageBitmap;
  /** World rectangle the picture shows; the view's own rectangle is found by `screenRect` or the camera. */
  world: Rect;
}

export interface ExpandOptions {
  /** Sub-layers too. */
  deep?: boolean;
  /** Keep this node where it is on the screen; the layer itself when not given. */
  anchor?: Node;
}

export interface RevealOptions {
  /** Select it too. */
  select?: boolean;
  /** Shake it, so that the eye finds it. */
  shake?: boolean;
  /** Least zoom after it; 0.6 when not given. */
  minZoom?: number;
}

/** The class GraphView in view.ts. */
export interface GraphViewApi {
  /** The element given; the view fills it and follows its size. */
  readonly host: HTMLElement;
  readonly renderer: RendererKind | null;
  /** As of the last event. */
  readonly camera: Camera;
  readonly selection: readonly Node[];
  /** Bounds of the whole drawing. */
  readonly world: Rect;
  /** What the stage shows now. */
  readonly root: Node;
  readonly flattened: boolean;

  on<K extends keyof GraphViewEvents>(type: K, listener: (event: GraphViewEvents[K]) => void): () => void;
  destroy(): void;

  // ---- graph
  load(bytes: ArrayBuffer, options?: LoadOptions): Promise<LoadInfo>;
  /** Ends whatever the view computes; the last good drawing stands. */
  cancel(): void;
  setRoot(layer: Node): Promise<LoadInfo>;
  setFlatten(on: boolean): Promise<LoadInfo>;
  setHidden(nodes: Iterable<Node>): Promise<LoadInfo>;
  setParameterEdges(parameters: ParameterEdges): Promise<LoadInfo>;
  setDissolveSingles(on: boolean): Promise<LoadInfo>;
  setFonts(fonts: Fonts): Promise<LoadInfo>;

  // ---- layers
  isExpanded(layer: Node): boolean;
  expand(layer: Node, options?: ExpandOptions): Promise<ExpansionInfo>;
  collapse(layer: Node, options?: ExpandOptions): Promise<ExpansionInfo>;
  toggle(layer: Node, options?: ExpandOptions): Promise<ExpansionInfo>;
  expandAll(): Promise<ExpansionInfo>;
  collapseAll(): Promise<ExpansionInfo>;
  /** Exactly these. */
  setExpanded(layers: Iterable<Node>, anchor?: Node): Promise<ExpansionInfo>;
  setDirection(layer: Node, leftRight: boolean): Promise<ExpansionInfo>;

  // ---- camera
  setCamera(camera: Camera, animated?: boolean): void;
  /** The whole graph, or some nodes. */
  fit(nodes?: Iterable<Node>, animated?: boolean): void;
  zoomTo(rect: Rect, animated?: boolean): void;
  /** Around a screen point, or the middle. */
  zoomBy(factor: number, at?: { x: number; y: number }, animated?: boolean): void;
  panBy(dx: number, dy: number): void;
  reveal(node: Node, options?: RevealOptions): Promise<void>;

  // ---- selection
  select(nodes: Iterable<Node>): void;
  /** What is highlighted with the selection: its inputs and outputs; on unless switched off. */
  setSelectionEdges(options: { inputs: boolean; outputs: boolean; layers: boolean }): void;
  hit(x: number, y: number): Promise<Hit>;
  /** The next node along the edges in a direction of the screen; along the rank when there is no edge. */
  neighbour(node: Node, direction: Direction): Promise<Node | null>;
  /** Moves the selection as the arrow keys do, and keeps it in view. */
  moveSelection(direction: Direction): Promise<Node | null>;
  /** Where a node is on the screen; null when it is invisible. */
  screenRect(node: Node): Promise<Rect | null>;
  /** Several at once: x, y, w, h each; NaN for the invisible. */
  screenRects(nodes: Node[]): Promise<Float64Array>;
  /** Visible nodes within the view, at most `limit`, with their places (for accessibility and tests). */
  visibleNodes(limit?: number): Promise<{ nodes: Uint32Array; rects: Float64Array; total: number }>;

  // ---- looks
  setTheme(theme: Theme): void;
  setStyles(styles: NodeStyles | null): void;
  setBars(bars: Bar[]): void;
  /** Named, so that features do not meet; null takes it away. Sets of one name are drawn in their order. */
  setHighlights(name: string, sets: HighlightSet[] | null): void;
  /** Everything but these nodes and the edges between them is dimmed; null: nothing is. */
  setDim(keep: Iterable<Node> | null): void;
  setExtraEdges(name: string, edges: ExtraEdge[] | null): void;
  /** Lines on nodes; null: none. Nodes grow; call again when what is shown has changed. */
  setLines(callback: LinesCallback | null): Promise<void>;
  /** `type`: the tensor shape along the edge, of at most `most` characters (0: any number). */
  setEdgeLabels(labels: 'none' | 'type' | EdgeLabelsCallback, most?: number): Promise<void>;

  // ---- pictures
  png(options: ImageOptions): Promise<Blob>;
  svg(options: ImageOptions): Promise<Blob>;
  /** Of the whole graph, in a box of CSS pixels; asked for again after `expansion`. */
  minimap(width: number, height: number): Promise<Minimap>;

  // ---- tables
  /** The ops of the graph, filtered, sorted and grouped. */
  table(query: TableQuery): Promise<TableResult>;
  /** Texts of ops for a column of the table that the graph itself does not have; until another graph is loaded. */
  tableTexts(id: string, nodes: Uint32Array, texts: string[]): void;

  // ---- state
  saveState(): Promise<ViewState>;
  restoreState(state: ViewState, animated?: boolean): Promise<void>;
  /** Bytes used by the engine's memory, for diagnosis and tests; frames drawn, and the longest one since last asked. */
  stats(): Promise<{ wasmBytes: number; frames: number; longestFrameMs: number; meanFrameMs: number; visible: number }>;
}
