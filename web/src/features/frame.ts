// A page that holds this one in a frame: the messages of Model Explorer (model-explorer-protocol, 4.4), so that what was
// written around its frame works around ours. Which pages may do so says the server (frame-ancestors); only the one that
// holds the frame is heard.
//
//   in    model-explorer-load-node-data-file {path}
//         model-explorer-select-node-by-node-id {nodeId}
//         model-explorer-select-node-by-output-tensor-name {tensorName}
//         model-explorer-load-graph-collections {graphCollections, fileName?, uiState? as in an address}
//   out   model-explorer-ready, model-explorer-mousedown
//         model-explorer-node-selected {nodeId, outputTensorNames}: an op, whoever selected it
//         model-explorer-export-selected-nodes {nodes, graph_id, graph_collection_label}: by the command of this name
//         model-explorer-export-to-resource {name, resource: [graph]}: the same as graph JSON
//
// What the custom element says beyond that is in frame_element.ts.

import { effect, untracked } from '@preact/signals';

import { registerCommands, type CommandContext } from '../app/commands';
import { nodeInfo } from '../app/node_info';
import { complain } from '../app/notify';
import { noteModel, openCollections, openGraph, refOf } from '../app/open';
import { Problem } from '../app/source';
import { activePane, panes, type Pane } from '../app/store';
import { queue } from '../app/turn';
import { readUrlData, stateOf, type PaneState } from '../app/url_data';
import { urlRestored } from '../app/url_state';
import { bindIds } from './analyses';
import { selectedJson } from './images';
import { addNodeDataFrom } from './node_data_state';

export const held = parent !== window;

export function tell(cmd: string, more: object = {}, of: 'model-explorer' | 'tt-explorer' = 'model-explorer'): void {
  if (held) parent.postMessage({ cmd: `${of}-${cmd}`, ...more }, '*');
}

/** Until then graphs that were given are on their way. */
let coming: Promise<unknown> = Promise.resolve();

/** The active pane once its graph is there, and all that was given before. */
export async function drawnPane(): Promise<Pane> {
  await coming;
  return new Promise((resolve) => {
    const stop = effect(() => {
      const pane = activePane.value;
      if (!urlRestored.value || !pane?.graph.value) return;
      queueMicrotask(() => { stop(); resolve(pane); });
    });
  });
}

/** Shows graphs that were given, and waits until they are there or cannot be shown. */
async function showGiven(message: Record<string, unknown>): Promise<void> {
  const model = await openCollections({ graphCollections: message['graphCollections'] }, text(message['fileName']) ?? 'graphs.json');
  noteModel(model);
  const state = message['uiState'] as { paneStates?: PaneState[] } | null | undefined;
  const pane = openGraph(refOf(model.id), { state: stateOf(state?.paneStates?.[0]) });
  await new Promise<void>((resolve) => {
    const stop = effect(() => {
      if (!pane.problem.value && !(pane.graph.value && pane.drawn?.model === model.id)) return;
      queueMicrotask(() => { stop(); resolve(); });
    });
  });
}

// What is said of a graph comes behind what was said before.
const messages = queue();
export function inTurn(run: () => Promise<void> | void): void {
  messages(run).catch(complain);
}

/** Our id of a layer that Model Explorer names: "a/b___group___". */
const layerId = (id: string): string => (id.endsWith('___group___') ? `layer:${id.slice(0, -'___group___'.length)}` : id);

export async function select(id: string): Promise<void> {
  const first = await drawnPane();
  // In the active pane if it is there, else in the first that has it.
  for (const pane of [first, ...panes.peek().filter((p) => p !== first)]) {
    const graph = pane.graph.peek(), ref = pane.drawn;
    if (!graph || !ref) continue;
    const node = graph.find(layerId(id)) ?? ((await bindIds(ref, [id]))[0] || undefined);
    if (node === undefined) continue;
    await pane.locate(node, { select: true });
    return;
  }
  throw new Problem(`No graph that is open has a node ${id}.`, 'not_found');
}

const text = (value: unknown): string | null => (typeof value === 'string' && value ? value : null);

async function obey(message: Record<string, unknown>): Promise<void> {
  switch (message['cmd']) {
    case 'model-explorer-load-node-data-file': {
      const path = text(message['path']);
      if (path) await addNodeDataFrom(await drawnPane(), path);
      break;
    }
    case 'model-explorer-select-node-by-node-id': {
      const id = text(message['nodeId']);
      if (id) await select(id);
      break;
    }
    case 'model-explorer-select-node-by-output-tensor-name': {
      const name = text(message['tensorName']);
      if (name) await select(name);
      break;
    }
  }
}

addEventListener('message', (e: MessageEvent<unknown>) => {
  if (!held || e.source !== parent || !e.data || typeof e.data !== 'object') return;
  const message = e.data as Record<string, unknown>;
  if (message['cmd'] === 'model-explorer-load-graph-collections') coming = showGiven(message).catch(complain);
  else inTurn(() => obey(message));
});

if (held) addEventListener('pointerdown', () => tell('mousedown'), { capture: true });

let ready = false;
effect(() => {
  if (!urlRestored.value || ready) return;
  ready = true;
  untracked(() => tell('ready'));
});

effect(() => {
  const pane = activePane.value, node = pane?.selected.value ?? null, graph = pane?.graph.value, ref = pane?.drawn;
  if (!held || !graph || !ref || node === null || node >= graph.n || graph.isLayer(node)) return;
  const nodeId = graph.id(node);
  nodeInfo(ref, node).then((info) => {
    const names = (info.outputs ?? []).flatMap((o) => o.attrs.filter((a) => a.key === 'tensor_name').map((a) => String(a.value)));
    if (pane.selected.peek() === node) tell('node-selected', { nodeId, outputTensorNames: names });
  }, () => tell('node-selected', { nodeId, outputTensorNames: [] }));
});

const selectedInFrame = (c: CommandContext) => held && !!c.pane?.graph.value && c.pane.selection.value.length > 0;
registerCommands({
  id: 'frame.resource', title: 'Give the selected nodes as a graph to the page around', group: 'File', icon: 'upload', menus: ['canvas', 'node', 'layer'],
  order: 511, when: selectedInFrame,
  run: async (c) => {
    const graph = await selectedJson(c.pane!, c.pane!.selection.peek());
    tell('export-to-resource', { name: `${graph.collectionLabel ?? ''}_subgraph.json`, resource: [graph] });
  },
}, {
  id: 'frame.export', title: 'Give the selected nodes to the page around', group: 'File', icon: 'upload', menus: ['canvas', 'node', 'layer'], order: 510,
  when: selectedInFrame,
  run: (c) => {
    const graph = c.pane!.graph.peek()!;
    tell('export-selected-nodes', {
      nodes: c.pane!.selection.peek().map((n) => graph.id(n)), graph_id: graph.name, graph_collection_label: c.pane!.model.peek()?.name ?? '',
    });
  },
});

// Node data that the address asks for (app/url_data.ts), once its first model is there.
const asked = (() => {
  try {
    return readUrlData(location.search)?.nodeData ?? [];
  } catch {
    return []; // told when the models are opened
  }
})();
if (asked.length) {
  drawnPane().then(async (pane) => {
    for (const path of asked) await addNodeDataFrom(pane, path);
  }).catch(complain);
}
