// Pictures of a graph, and its JSON: what can be taken out of the page.

import { signal } from '@preact/signals';

import { graphQuery, stagePath } from '../app/address';
import { registerCommands, type CommandContext } from '../app/commands';
import { complain, say } from '../app/notify';
import { Dialog, showOverlay } from '../app/overlay';
import { kept } from '../app/settings';
import { isCancel } from '../app/source';
import { source, type Pane } from '../app/store';
import { whole } from '../app/values';
import { fileName, save } from './common';

const MAX_SIDE = 16384;
/** What the engine leaves free around a whole graph, in world units. */
const MARGIN = 24;

const format = kept<string>('image.format', 'png');
const area = kept<string>('image.area', 'graph');
const scale = kept('image.scale', 2);
const transparent = kept('image.transparent', false);
const busy = signal(false);

/** Pixels of the picture as chosen. */
function size(pane: Pane): { width: number; height: number; shrunk: boolean } {
  const view = pane.view.peek()!;
  const box = area.value === 'view' ? { w: view.host.clientWidth, h: view.host.clientHeight } : { w: view.world.w + 2 * MARGIN, h: view.world.h + 2 * MARGIN };
  const most = Math.max(box.w, box.h) * scale.value;
  const factor = scale.value * (most > MAX_SIDE ? MAX_SIDE / most : 1);
  return { width: Math.round(box.w * factor), height: Math.round(box.h * factor), shrunk: most > MAX_SIDE };
}

async function take(pane: Pane, close: () => void): Promise<void> {
  const view = pane.view.peek();
  if (!view) return;
  busy.value = true;
  try {
    const options = {
      area: area.value === 'view' ? 'view' as const : 'graph' as const, scale: scale.value, maxSide: MAX_SIDE, transparent: transparent.value,
    };
    const blob = format.value === 'svg' ? await view.svg(options) : await view.png(options);
    const name = fileName(pane.title.peek(), format.value);
    save(name, blob);
    say(`${name} was made.`);
    close();
  } catch (thrown) {
    if (!isCancel(thrown)) complain(thrown);
  } finally {
    busy.value = false;
  }
}

function Choice({ title, value, choices }: { title: string; value: { value: string }; choices: readonly (readonly [string, string])[] }) {
  return (
    <fieldset class="choice">
      <legend>{title}</legend>
      {choices.map(([id, text]) => (
        <label key={id}><input type="radio" name={title} checked={value.value === id} onChange={() => { value.value = id; }} /> {text}</label>
      ))}
    </fieldset>
  );
}

function ImageDialog({ pane, close }: { pane: Pane; close: () => void }) {
  const now = size(pane);
  return (
    <Dialog title="Picture of the graph" close={close} width={420} footer={<>
      <button onClick={close}>Cancel</button>
      <button class="primary" disabled={busy.value} onClick={() => void take(pane, close)}>{busy.value ? 'Drawing…' : 'Save'}</button>
    </>}>
      <div class="form">
        <Choice title="Format" value={format} choices={[['png', 'PNG, pixels'], ['svg', 'SVG, sharp at any size']]} />
        <Choice title="What" value={area} choices={[['graph', 'The whole graph, as expanded now'], ['view', 'What is in view']]} />
        {format.value === 'png' && (
          <label class="form-row">Pixels per unit
            <input type="number" min={0.25} max={8} step={0.25} value={scale.value}
              onInput={(e) => { const v = e.currentTarget.valueAsNumber; if (v > 0) scale.value = Math.min(8, v); }} />
          </label>
        )}
        <label class="form-row"><span><input type="checkbox" checked={transparent.value}
          onChange={(e) => { transparent.value = e.currentTarget.checked; }} /> Transparent background</span></label>
        {format.value === 'png' && (
          <p class="muted" role="status">{whole(now.width)} × {whole(now.height)} pixels
            {now.shrunk && `, made smaller to stay within ${whole(MAX_SIDE)}`}</p>
        )}
      </div>
    </Dialog>
  );
}

const drawn = (c: CommandContext): boolean => !!c.pane?.graph.value && !!c.pane.view.value;

/* --- JSON --------------------------------------------------------------------------------------------------------- */

interface GraphNode {
  id: string;
  namespace: string;
  incomingEdges?: { sourceNodeId: string }[];
}
interface OneGraph {
  id: string;
  collectionLabel?: string;
  nodes: GraphNode[];
  groupNodeAttributes?: Record<string, unknown>;
}
interface GraphJson {
  graphs: OneGraph[];
}

async function graphJson(pane: Pane, style: 'own' | 'adapter'): Promise<GraphJson> {
  const ref = pane.ref.peek()!;
  return source().call<GraphJson>('GET', `${stagePath(ref)}/graph.json`, undefined, { query: { style, ...graphQuery(ref) } });
}

/** Nodes of a pane's graph, and all that is in the layers among them, as a graph of their own: edges from elsewhere are left out. */
export async function selectedJson(pane: Pane, nodes: readonly number[]): Promise<OneGraph> {
  const graph = pane.graph.peek()!, ids = new Set<string>();
  for (const node of nodes) for (let i = node; i < graph.end[node]!; i++) if (!graph.isLayer(i)) ids.add(graph.id(i));
  const [whole] = (await graphJson(pane, 'own')).graphs, spaces = new Set<string>();
  const kept = whole!.nodes.filter((n) => ids.has(n.id)).map((n) => {
    for (let space = n.namespace; space; space = space.slice(0, Math.max(0, space.lastIndexOf('/')))) spaces.add(space);
    return { ...n, ...(n.incomingEdges ? { incomingEdges: n.incomingEdges.filter((e) => ids.has(e.sourceNodeId)) } : {}) };
  });
  return {
    ...whole!, id: `${whole!.id}_subgraph`, collectionLabel: pane.model.peek()?.name ?? '', nodes: kept,
    groupNodeAttributes: Object.fromEntries(Object.entries(whole!.groupNodeAttributes ?? {}).filter(([k]) => spaces.has(k))),
  };
}

registerCommands(
  { id: 'json.saveSelection', title: 'Download the JSON of the selected nodes', group: 'File', icon: 'download', menus: ['canvas', 'node'], order: 504,
    help: 'As a graph of its own; layers with all that is in them.', when: (c) => drawn(c) && c.pane!.selection.value.length > 0,
    run: async (c) => save(fileName(`${c.pane!.model.peek()?.name ?? 'graph'}_subgraph`, 'json'),
      JSON.stringify({ graphs: [await selectedJson(c.pane!, c.pane!.selection.peek())] })) },
  { id: 'image.save', title: 'Save a picture…', group: 'File', icon: 'camera', shortcut: 'Ctrl+Shift+E', menus: ['toolbar', 'canvas'], order: 500,
    help: 'PNG or SVG, of the view or of the whole graph.', when: drawn,
    run: (c) => { showOverlay((close) => <ImageDialog pane={c.pane!} close={close} />); } },
  { id: 'json.save', title: 'Download the graph as JSON', group: 'File', icon: 'download', menus: ['canvas', 'tab'], order: 501,
    help: 'In the form of Model Explorer, with everything the graph has.', when: drawn,
    run: async (c) => save(fileName(c.pane!.title.peek(), 'json'), JSON.stringify(await graphJson(c.pane!, 'own'))) },
  { id: 'json.saveAdapter', title: 'Download the JSON of tt-adapter', group: 'File', icon: 'download', menus: ['tab'], order: 502,
    help: "Node by node what Tenstorrent's adapter would write.",
    when: (c) => drawn(c) && c.pane!.model.value?.format !== 'graph-json',
    run: async (c) => save(fileName(c.pane!.title.peek(), 'json'), JSON.stringify(await graphJson(c.pane!, 'adapter'))) },
  { id: 'json.saveLayer', title: 'Download the JSON of the layer', group: 'File', icon: 'download', menus: ['layer'], order: 503,
    when: (c) => drawn(c) && c.node !== null && c.node !== 0 && c.pane!.graph.value!.isLayer(c.node),
    run: async (c) => {
      const graph = c.pane!.graph.peek()!, node = c.node!;
      const path = graph.namespace(node), label = graph.label(node);
      const whole = await graphJson(c.pane!, 'own');
      const inside = (space: string) => space === path || space.startsWith(`${path}/`);
      const graphs = whole.graphs.map((g) => ({
        ...g, nodes: g.nodes.filter((n) => inside(n.namespace)),
        groupNodeAttributes: Object.fromEntries(Object.entries(g.groupNodeAttributes ?? {}).filter(([k]) => inside(k))),
      }));
      save(fileName(label, 'json'), JSON.stringify({ graphs }));
    } },
);
