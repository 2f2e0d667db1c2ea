// What the server knows about nodes, remembered: inspector, lines on nodes and tables ask for the same nodes again and
// again. A graph never changes, so nothing remembered goes stale; the oldest is dropped when there is much.

import { getNodes } from './api';
import type { GraphRef, NodeInfo } from './source';

const MOST = 20000;
/** Requests made in the same moment go out as one. */
const GATHER_MS = 4;

interface Waiting {
  node: number;
  done: (info: NodeInfo) => void;
  failed: (thrown: unknown) => void;
}

class NodeCache {
  private readonly known = new Map<number, NodeInfo>();
  private readonly asked = new Map<number, Promise<NodeInfo>>();
  private waiting: Waiting[] = [];
  private timer = 0;

  constructor(private readonly ref: GraphRef) {}

  peek(node: number): NodeInfo | undefined {
    return this.known.get(node);
  }

  get(node: number): Promise<NodeInfo> {
    const here = this.known.get(node);
    if (here) return Promise.resolve(here);
    let promise = this.asked.get(node);
    if (!promise) {
      promise = new Promise<NodeInfo>((done, failed) => this.waiting.push({ node, done, failed }));
      this.asked.set(node, promise);
      if (!this.timer) this.timer = setTimeout(() => void this.send(), GATHER_MS);
    }
    return promise;
  }

  private async send(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    this.timer = 0;
    try {
      const infos = await getNodes(this.ref, batch.map((w) => w.node));
      batch.forEach((w, i) => {
        this.remember(w.node, infos[i]!);
        w.done(infos[i]!);
      });
    } catch (thrown) {
      for (const w of batch) w.failed(thrown);
    }
    for (const w of batch) this.asked.delete(w.node);
  }

  private remember(node: number, info: NodeInfo): void {
    this.known.set(node, info);
    if (this.known.size > MOST) this.known.delete(this.known.keys().next().value!);
  }
}

const caches = new Map<string, NodeCache>();
const GRAPHS = 8;

function cacheOf(ref: GraphRef): NodeCache {
  const key = `${ref.model}/${ref.run ?? ''}/${ref.stage}/${ref.part}/${ref.layers}`;
  let cache = caches.get(key);
  if (!cache) {
    cache = new NodeCache(ref);
    caches.set(key, cache);
    if (caches.size > GRAPHS) caches.delete(caches.keys().next().value!);
  }
  return cache;
}

/** All about a node; throws Problem. */
export function nodeInfo(ref: GraphRef, node: number): Promise<NodeInfo> {
  return cacheOf(ref).get(node);
}

/** The same for several, in their order. */
export function nodeInfos(ref: GraphRef, nodes: readonly number[]): Promise<NodeInfo[]> {
  const cache = cacheOf(ref);
  return Promise.all(nodes.map((n) => cache.get(n)));
}

/** What is known about a node already. */
export function knownInfo(ref: GraphRef, node: number): NodeInfo | undefined {
  return cacheOf(ref).peek(node);
}
