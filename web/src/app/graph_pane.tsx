// A graph pane: tool bar with graph selector and bread crumbs, the drawing, and what lies over it: progress, problems,
// minimap, legend.

import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

import { canRun, commandsOf, commandsVersion, runCommand } from './commands';
import { openPanel } from './dock';
import { FanOut } from './fan_out';
import { GraphSelector } from './graph_selector';
import { Icon } from './icons';
import { shortcutText } from './keys';
import { Legend } from './legend';
import { showCommandMenu } from './menus';
import { Minimap } from './minimap';
import { place, sentence } from './notify';
import { reloadPane } from './open';
import { attachView } from './pane_view';
import { embedded } from './platform';
import { legendShown, minimapShown } from './settings';
import { openShowMenu } from './show_menu';
import { edgeShow, shown, shownKeys } from './show';
import { onStartPage, type Pane } from './store';
import { goBack } from './subgraph';
import { count } from './values';
import { WaitCard } from './wait';

export function GraphPane({ pane }: { pane: Pane }) {
  return (
    <div class="graph-pane">
      {!embedded && <Toolbar pane={pane} />}
      <Canvas pane={pane} />
    </div>
  );
}

/** Tool bars narrower than this show their rarer commands in a menu. */
const NARROW = 560;

function Toolbar({ pane }: { pane: Pane }) {
  void commandsVersion.value;
  const bar = useRef<HTMLDivElement>(null);
  const narrow = useSignal(false);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => { narrow.value = entry!.contentRect.width < NARROW; });
    observer.observe(bar.current!);
    return () => observer.disconnect();
  }, []);
  const context = { pane, node: pane.selected.value };
  const commands = commandsOf('toolbar');
  const shows = shown.value.length + shownKeys.value.length > 0 || edgeShow.value.by !== 'none';
  return (
    <div ref={bar} class="toolbar" role="toolbar" aria-label="Graph">
      <GraphSelector pane={pane} />
      <Crumbs pane={pane} />
      <span class="grow" />
      {!narrow.value && commands.map((command, i) => {
        const line = i > 0 && Math.floor((command.order ?? 0) / 100) !== Math.floor((commands[i - 1]!.order ?? 0) / 100);
        const checked = command.checked?.(context);
        return (
          <>
            {line && <span key={`${command.id}-line`} class="toolbar-line" />}
            <button key={command.id} class={`icon-button ${checked ? 'on' : ''}`} aria-label={command.title} aria-pressed={checked}
              title={`${command.title}${command.shortcut ? ` (${shortcutText(command.shortcut)})` : ''}`}
              disabled={!canRun(command, context)} onClick={() => runCommand(command, context)}>
              <Icon name={command.icon ?? 'play'} />
            </button>
          </>
        );
      })}
      <button data-show={pane.id} class={`icon-button ${shows ? 'on' : ''}`} aria-label="What to show on nodes and edges" aria-haspopup="dialog"
        title="What to show on nodes and edges (V)" onClick={(e) => openShowMenu(pane, e.currentTarget)}><Icon name="eye" /></button>
      {narrow.value && (
        <button class="icon-button" aria-label="More commands" aria-haspopup="menu" title="More commands"
          onClick={(e) => showCommandMenu(e.currentTarget, 'toolbar', context)}><Icon name="more" /></button>
      )}
    </div>
  );
}

function Crumbs({ pane }: { pane: Pane }) {
  const graph = pane.graph.value, crumbs = pane.crumbs.value;
  if (!graph || (!crumbs.length && !pane.root.value)) return null;
  const here = pane.root.value ? graph.label(pane.root.value) : graph.name;
  const all = crumbs.length ? crumbs : [{ root: 0, title: graph.label(0), view: null }];
  return (
    <nav class="crumbs" aria-label="Sub-graphs">
      {all.map((crumb, i) => (
        <span key={i}>
          <button class="link" onClick={() => (crumbs.length ? goBack(pane, i) : pane.locate(0))}>{crumb.title || 'Graph'}</button>
          <Icon name="right" size={12} />
        </span>
      ))}
      <b title={graph.namespace(pane.root.value) || here}>{here}</b>
    </nav>
  );
}

function Canvas({ pane }: { pane: Pane }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => attachView(pane, host.current!), []);
  const graph = pane.graph.value;
  const problem = pane.problem.value;
  return (
    <div class="canvas-frame">
      <div ref={host} class="canvas" data-pane={pane.id} tabIndex={0} role="application"
        aria-label={`Graph of ${pane.title.value}. Arrow keys follow the edges, Enter opens layers.`} />
      <div class="unseen" role="status">{graph && pane.selected.value !== null && pane.selected.value < graph.n
        ? `${graph.label(pane.selected.value)} selected${graph.isLayer(pane.selected.value) ? ', a layer' : ''}` : ''}</div>
      {graph && !problem && (
        <div class="canvas-status" aria-live="off">
          {count(graph.nOps, 'op')} · {count(Math.max(0, graph.nLayers - 1), 'layer')}
          <Hovered pane={pane} />
        </div>
      )}
      {graph && minimapShown.value && !problem && <Minimap pane={pane} />}
      {graph && legendShown.value && !problem && <Legend pane={pane} />}
      {graph && !problem && <FanOut pane={pane} />}
      {pane.wait.value && <WaitCard wait={pane.wait.value} />}
      {problem && (
        <div class="canvas-problem">
          <div class="problem" role="alert">
            <Icon name={problem.code === 'cancelled' ? 'info' : 'error'} size={20} />
            <div>
              <h3>{sentence(problem.message)}</h3>
              {place(problem) && <p class="mono">{place(problem)}</p>}
              {problem.detail.hint && <p>{sentence(problem.detail.hint)}</p>}
              <div class="row">
                <button class="primary" onClick={() => reloadPane(pane)}>Try again</button>
                {problem.detail.line !== undefined && <button onClick={() => openPanel('text')}>Show the text</button>}
                <button onClick={() => { onStartPage.value = true; }}>Start page</button>
              </div>
            </div>
          </div>
        </div>
      )}
    </div>
  );
}

/** What is under the pointer, beside the counts. */
function Hovered({ pane }: { pane: Pane }) {
  const node = pane.hovered.value, graph = pane.graph.value;
  if (node === null || !graph || node >= graph.n) return null;
  const around = graph.namespace(graph.isLayer(node) ? graph.parent[node]! : node);
  return <span class="hovered"> · <b>{graph.label(node)}</b>{around && <span class="muted"> in {around}</span>}</span>;
}
