// graph.ts - the compact graph (docs/graph-format.md) through typed arrays, without copying.
import type { Node } from './types';

export const enum Kind { Layer, Op, Argument, Constant, Return }
export const enum Flag { Pinned = 1, Housekeeping = 2, Call = 4, Adapter = 8, Input = 16, Parameter = 32 }
export const enum LayerKind { Root, Module, Function, Group, Region, Location, Stored }

type Column = Uint8Array | Uint16Array | Uint32Array;

const MAGIC = 0x47585454;
const HEADER_BYTES = 64;
const FEW_FINDS = 12;

export class CompactGraph {
  readonly n: number;
  readonly nEdges: number;
  readonly nOps: number;
  readonly nLayers: number;
  readonly depth: number;
  readonly parent: Column;
  readonly kind: Column;
  readonly flags: Column;
  readonly layerKind: Column;
  readonly order: Column;
  /** Edges into node i: inStart[i] up to inStart[i + 1]. */
  readonly inStart: Column;
  readonly edgeSource: Column;
  readonly edgeOut: Column;
  readonly edgeIn: Column;
  readonly linkCaller: Column;
  readonly linkLayer: Column;
  /** Behind the subtree of each node. */
  readonly end: Uint32Array;
  /** It was read from JSON. */
  readonly explicitIds: boolean;
  private readonly nameOfGraph: number;
  private readonly labels: Column;
  private readonly names: Column;
  private readonly functions: Column;
  private readonly ordinals: Column;
  private readonly edgeTypes: Column;
  private readonly stringEnd: Column;
  private readonly text: Uint8Array;
  private readonly strings = new Map<number, string>();
  private readonly decoder = new TextDecoder();
  private targets: Uint32Array | null = null;
  private outs: { start: Uint32Array; edges: Uint32Array } | null = null;
  private byId: Map<string, Node> | null = null;
  private finds = 0;

  /** Throws an Error with a sentence when the bytes are no compact graph of this version. */
  constructor(readonly bytes: ArrayBuffer) {
    if (bytes.byteLength < HEADER_BYTES) throw new Error('This is not a compact graph: it is too short.');
    const head = new Uint32Array(bytes, 0, 16);
    if (head[0] !== MAGIC) throw new Error('This is not a compact graph.');
    if (head[1] !== 1) throw new Error(`This compact graph has version ${head[1]}; this page reads version 1.`);
    if (head[2]! > bytes.byteLength) throw new Error('The compact graph is cut off.');
    this.explicitIds = (head[3]! & 1) !== 0;
    this.n = head[4]!;
    this.nEdges = head[5]!;
    this.nameOfGraph = head[9]!;
    this.depth = head[10]!;
    this.nOps = head[11]!;
    this.nLayers = head[12]!;
    const table = new Uint32Array(bytes, HEADER_BYTES, head[8]! * 4);
    const column = (section: number): Column => {
      for (let i = 0; i < table.length; i += 4)
        if (table[i] === section) {
          const width = table[i + 1], start = table[i + 2]!, n = table[i + 3]!;
          return width === 1 ? new Uint8Array(bytes, start, n)
            : width === 2 ? new Uint16Array(bytes, start, n) : new Uint32Array(bytes, start, n);
        }
      throw new Error(`The compact graph has no section ${section}.`);
    };
    this.parent = column(1);
    this.kind = column(2);
    this.flags = column(3);
    this.layerKind = column(4);
    this.labels = column(5);
    this.names = column(6);
    this.functions = column(7);
    this.ordinals = column(8);
    this.order = column(9);
    this.inStart = column(10);
    this.edgeSource = column(11);
    this.edgeOut = column(12);
    this.edgeIn = column(13);
    this.edgeTypes = column(14);
    this.linkCaller = column(15);
    this.linkLayer = column(16);
    this.stringEnd = column(17);
    this.text = column(18) as Uint8Array;
    this.end = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i++) this.end[i] = i + 1;
    for (let i = this.n - 1; i > 0; i--) {
      const p = this.parent[i]!;
      if (this.end[i]! > this.end[p]!) this.end[p] = this.end[i]!;
    }
  }

  private string(i: number): string {
    let s = this.strings.get(i);
    if (s === undefined) {
      s = i === 0 ? '' : this.decoder.decode(this.text.subarray(this.stringEnd[i - 1], this.stringEnd[i]));
      this.strings.set(i, s);
    }
    return s;
  }

  get name(): string {
    return this.string(this.nameOfGraph);
  }
  label(node: Node): string {
    return this.string(this.labels[node]!);
  }
  /** Equal labels have equal numbers. */
  labelNumber(node: Node): number {
    return this.labels[node]!;
  }
  isLayer(node: Node): boolean {
    return this.kind[node] === Kind.Layer;
  }
  children(layer: Node): Node[] {
    const out: Node[] = [];
    for (let c = layer + 1; c < this.end[layer]!; c = this.end[c]!) out.push(c);
    return out;
  }
  /** Neither a layer nor an argument. */
  isOp(node: Node): boolean {
    return this.kind[node] !== Kind.Layer && this.kind[node] !== Kind.Argument;
  }

  /** The ops, in order. */
  ops(): Uint32Array {
    const list = new Uint32Array(this.n);
    let n = 0;
    for (let i = 1; i < this.n; i++) if (this.isOp(i)) list[n++] = i;
    return list.slice(0, n);
  }

  /** The layers around a node, outermost first, the root left out. */
  layersAround(node: Node): Node[] {
    const out: Node[] = [];
    for (let p = node === 0 ? 0 : this.parent[node]!; p; p = this.parent[p]!) out.unshift(p);
    return out;
  }
  /** Path of the layers around a node; of a layer, its own path. */
  namespace(node: Node): string {
    const around = this.layersAround(node);
    if (node && this.isLayer(node)) around.push(node);
    return around.map((l) => this.label(l)).join('/');
  }
  inside(node: Node, layer: Node): boolean {
    return node > layer && node < this.end[layer]!;
  }
  /** What flows along an edge: `1x128xbf16`; empty when not known. */
  edgeType(edge: number): string {
    return this.string(this.edgeTypes[edge]!);
  }
  /** Target of each edge. */
  get edgeTarget(): Uint32Array {
    if (!this.targets) {
      this.targets = new Uint32Array(this.nEdges);
      for (let i = 0; i < this.n; i++) this.targets.fill(i, this.inStart[i], this.inStart[i + 1]);
    }
    return this.targets;
  }
  /** Edges out of each node: edges[start[i]] up to edges[start[i + 1]], by target. */
  get out(): { start: Uint32Array; edges: Uint32Array } {
    if (!this.outs) {
      const start = new Uint32Array(this.n + 1), edges = new Uint32Array(this.nEdges);
      for (let e = 0; e < this.nEdges; e++) start[this.edgeSource[e]! + 1]!++;
      for (let i = 0; i < this.n; i++) start[i + 1]! += start[i]!;
      const at = start.slice();
      for (let e = 0; e < this.nEdges; e++) edges[at[this.edgeSource[e]!]!++] = e;
      this.outs = { start, edges };
    }
    return this.outs;
  }
  /** Functions a call site calls. */
  callees(node: Node): Node[] {
    const out: Node[] = [];
    for (let i = 0; i < this.linkCaller.length; i++) if (this.linkCaller[i] === node) out.push(this.linkLayer[i]!);
    return out;
  }

  id(node: Node): string {
    const name = this.string(this.names[node]!), layer = this.isLayer(node);
    let id = layer ? `layer:${this.namespace(node)}` : name;
    if (this.explicitIds) return id;
    if (!layer && this.kind[node] !== Kind.Argument) {
      const fn = this.string(this.functions[node]!);
      id = `${fn ? `${fn}/` : ''}${this.label(node)}${name ? `@${name}` : ''}`;
    }
    const ordinal = this.ordinals[node]!;
    return ordinal || id.includes('#') ? `${id}#${ordinal}` : id;
  }
  private bytesOf(string: number): number {
    return string === 0 ? 0 : this.stringEnd[string]! - this.stringEnd[string - 1]!;
  }
  /** Whether a node may have the id that `wanted` encodes, from the lengths of its parts alone. */
  private mayBe(node: Node, wanted: Uint8Array): boolean {
    const name = this.bytesOf(this.names[node]!), ordinal = this.ordinals[node]!;
    // The ordinal stands at the end, also a 0 after names that have a # themselves.
    const suffix = (n: number): boolean => n === wanted.length || (wanted[n] === 0x23 && wanted.length - n === 1 + String(ordinal).length);
    if (this.isLayer(node)) {
      let path = 'layer:'.length;
      for (let p = node, first = true; p; p = this.parent[p]!, first = false) path += this.bytesOf(this.labels[p]!) + (first ? 0 : 1);
      return suffix(path);
    }
    if (this.explicitIds) return name === wanted.length;
    if (this.kind[node] === Kind.Argument) return suffix(name);
    const fn = this.bytesOf(this.functions[node]!);
    return suffix((fn && fn + 1) + this.bytesOf(this.labels[node]!) + (name && name + 1));
  }

  /** The node with an id; undefined when there is none. The first looks go through the nodes, which takes milliseconds;
   * who wants more gets a table, which takes longer to make. */
  find(id: string): Node | undefined {
    if (!this.byId && this.finds++ < FEW_FINDS) {
      const wanted = new TextEncoder().encode(id), layer = id.startsWith('layer:');
      for (let i = 0; i < this.n; i++)
        if ((this.explicitIds || this.isLayer(i) === layer) && this.mayBe(i, wanted) && this.id(i) === id) return i;
      return undefined;
    }
    if (!this.byId) {
      this.byId = new Map();
      for (let i = 0; i < this.n; i++) this.byId.set(this.id(i), i);
    }
    return this.byId.get(id);
  }
}
