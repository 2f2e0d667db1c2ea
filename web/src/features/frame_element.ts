// What the custom element (web/src/element) says to the page in its frame and is told by it, beyond the messages of frame.ts:
// the properties, methods and events of Model Explorer's element (model-explorer-protocol, 4.4).
//
//   in    tt-explorer-listen {}                  the element is there: it is told what follows
//         tt-explorer-select-node {nodeId, graphId?, collectionLabel?, paneIndex?}
//         tt-explorer-add-node-data {name, data, paneIndex?, clearExisting?}
//         tt-explorer-take {name, content}       a file, as if it was dropped on the graph: rules, edges, a mapping, ...
//   out   tt-explorer-title-clicked, -ui-state-changed {paneStates}, -model-graph-processed {graphId, collectionLabel, paneIndex},
//         -selected-node-changed, -hovered-node-changed, -double-clicked-node-changed {nodeId, graphId, collectionLabel}
//
// Layers are named as there: "a/b___group___". No node has the id "".

import { effect, untracked } from '@preact/signals';

import { loadStages, showGraph } from '../app/open';
import { dropTakers } from '../app/panels';
import { Problem } from '../app/source';
import { activePane, panes, stages, type Pane } from '../app/store';
import { eachPane } from './common';
import { drawnPane, held, inTurn, select, tell } from './frame';
import { addNodeData, removeRun, runsOf } from './node_data_state';

type Message = { cmd?: unknown } & Record<string, unknown>;

/** How long a view must have stood still before its state is told. */
const SETTLE_MS = 300;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The pane with a number, else the active one; its graph is there. */
async function paneAt(index: unknown): Promise<Pane> {
  const first = await drawnPane();
  return (typeof index === 'number' ? panes.peek()[index] : undefined) ?? first;
}

async function selectNode(message: Message): Promise<void> {
  const pane = await paneAt(message['paneIndex']), graph = text(message['graphId']), collection = text(message['collectionLabel']), ref = pane.ref.peek()!;
  activePane.value = pane;
  if (graph && pane.graph.peek()?.name !== graph) {
    if (!stages.peek().has(ref.model)) await loadStages(ref.model);
    const part = stages.peek().get(ref.model)?.find((s) => s.stage === ref.stage)?.parts
      .find((p) => p.graph === graph && (!collection || p.collection === collection));
    if (part && part.part !== ref.part) await showGraph(pane, { ...ref, part: part.part });
  }
  await select(text(message['nodeId']));
}

async function addData(message: Message): Promise<void> {
  const pane = await paneAt(message['paneIndex']), data = message['data'];
  if (!data || typeof data !== 'object') throw new Problem('The node data given are no object.', 'unreadable');
  if (message['clearExisting'] === true)
    for (const run of runsOf.peek().get(pane.ref.peek()!.model) ?? []) await removeRun(run);
  await addNodeData(pane, text(message['name']) || 'node data', JSON.stringify(data));
}

async function take(message: Message): Promise<void> {
  const pane = await drawnPane(), name = text(message['name']) || 'file.json', content = text(message['content']);
  const file = new File([content], name), taker = dropTakers.all().find((t) => t.accepts(file, content));
  if (!taker) throw new Problem(`Nothing here takes ${name}.`, 'unreadable');
  await taker.take(file, pane);
}

// ---- what is told

function nameOf(pane: Pane, node: number | null): { nodeId: string; graphId: string; collectionLabel: string } {
  const graph = pane.graph.peek(), collectionLabel = pane.model.peek()?.name ?? '';
  if (!graph || node === null || node >= graph.n) return { nodeId: '', graphId: graph?.name ?? '', collectionLabel };
  const id = graph.id(node);
  return { nodeId: graph.isLayer(node) ? `${id.replace(/^layer:/, '')}___group___` : id, graphId: graph.name, collectionLabel };
}

/** The layers that are open and hold none that is. */
function deepest(expanded: readonly string[]): string[] {
  return expanded.filter((id) => !expanded.some((other) => other.startsWith(`${id}/`))).map((id) => `${id.replace(/^layer:/, '')}___group___`);
}

async function stateNow(): Promise<object[]> {
  const shown = panes.peek().filter((p) => p.graph.peek() && p.view.peek());
  return Promise.all(shown.map(async (pane) => {
    const state = await pane.view.peek()!.saveState(), graph = pane.graph.peek()!, name = nameOf(pane, pane.selected.peek());
    const layers = state.expanded === 'all' ? Array.from({ length: graph.n }, (_, i) => i).filter((i) => i && graph.isLayer(i)).map((i) => graph.id(i)) : state.expanded ?? [];
    return {
      deepestExpandedGroupNodeIds: deepest(layers), selectedNodeId: name.nodeId, selectedGraphId: name.graphId,
      selectedCollectionLabel: name.collectionLabel, widthFraction: 1 / shown.length, selected: pane === activePane.peek(),
      flattenLayers: pane.flat.peek(),
    };
  }));
}

let listening = false;
function listen(): void {
  if (listening) return;
  listening = true;
  const told = (cmd: string, more?: object) => tell(cmd, more, 'tt-explorer');
  addEventListener('click', (e) => { if (e.target instanceof Element && e.target.closest('.brand')) told('title-clicked'); });
  eachPane((pane) => {
    let off = () => {}, known = false; // a pane without a selection needs not be told
    const stops = [
      effect(() => {
        if (pane.graph.value) untracked(() => told('model-graph-processed', { ...nameOf(pane, null), paneIndex: panes.peek().indexOf(pane) }));
      }),
      effect(() => {
        const node = pane.selected.value;
        if (known || node !== null) untracked(() => told('selected-node-changed', nameOf(pane, node)));
        known = true;
      }),
      effect(() => {
        const node = pane.hovered.value;
        untracked(() => told('hovered-node-changed', nameOf(pane, node)));
      }),
      effect(() => {
        off();
        off = pane.view.value?.on('dblclick', (hit) => told('double-clicked-node-changed', nameOf(pane, hit.region === 'empty' || hit.region === 'edge' ? null : hit.node))) ?? (() => {});
      }),
    ];
    return () => {
      off();
      for (const stop of stops) stop();
    };
  });
  let timer = 0, before = '';
  effect(() => {
    void activePane.value;
    for (const pane of panes.value) {
      void pane.graph.value;
      void pane.moved.value;
      void pane.selection.value;
      void pane.flat.value;
    }
    clearTimeout(timer);
    timer = setTimeout(() => void stateNow().then((paneStates) => {
      const now = JSON.stringify(paneStates);
      if (now !== before) told('ui-state-changed', { paneStates });
      before = now;
    }, () => {}), SETTLE_MS);
  });
}

const COMMANDS: Record<string, (message: Message) => Promise<void> | void> = {
  'tt-explorer-listen': listen, 'tt-explorer-select-node': selectNode, 'tt-explorer-add-node-data': addData, 'tt-explorer-take': take,
};

addEventListener('message', (e: MessageEvent<unknown>) => {
  if (!held || e.source !== parent || !e.data || typeof e.data !== 'object') return;
  const message = e.data as Message, run = COMMANDS[text(message.cmd)];
  if (run) inTurn(() => run(message));
});
