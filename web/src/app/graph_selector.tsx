// Which graph a pane shows: all models of the workspace with their stages and parts, filtered as one types.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Icon } from './icons';
import { complain } from './notify';
import { loadStages, openGraph, refOf, refreshModels } from './open';
import { Popover, showOverlay } from './overlay';
import type { GraphRef } from './source';
import { models, onStartPage, stages, type Pane } from './store';
import { VirtualList } from './virtual';

interface Row {
  key: string;
  title: string;
  detail: string;
  depth: number;
  ref: GraphRef | null;
  path: string;
}

/** The rows: models, below each its stages and the parts of files that have several. */
function rowsOf(filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows: Row[] = [];
  for (const model of models.value) {
    const mine: Row[] = [];
    for (const stage of stages.value.get(model.id) ?? [])
      for (const part of stage.parts.length > 1 || stage.stage ? stage.parts : [])
        mine.push({
          key: `${model.id}/${stage.stage}/${part.part}`, depth: 1, path: model.path,
          title: (stage.stage || stage.parts.length < 2 ? stage.name : '') + (stage.parts.length > 1 ? ` ${part.collection || `part ${part.part + 1}`}` : ''),
          detail: part.ops === undefined ? '' : `${part.ops} ops`, ref: part.readable ? refOf(model.id, stage.stage, part.part) : null,
        });
    const hits = (text: string) => words.every((w) => text.toLowerCase().includes(w));
    const kept = hits(`${model.name} ${model.path}`) ? mine : mine.filter((r) => hits(`${model.name} ${model.path} ${r.title}`));
    if (!kept.length && !hits(`${model.name} ${model.path}`)) continue;
    const ops = stages.value.get(model.id)?.[0]?.parts[0]?.ops;
    rows.push({ key: model.id, title: model.name, detail: ops === undefined ? model.format : `${ops} ops`, depth: 0, ref: refOf(model.id), path: model.path }, ...kept);
  }
  return rows;
}

export function GraphSelector({ pane }: { pane: Pane }) {
  return (
    <button class="graph-selector" aria-haspopup="dialog" title="Choose the graph of this pane (G)" data-selector={pane.id}
      onClick={(e) => openGraphSelector(pane, e.currentTarget)}>
      <Icon name="graph" />
      <span>{pane.title.value}</span>
      <Icon name="down" size={12} />
    </button>
  );
}

export function openGraphSelector(pane: Pane | null, anchor: HTMLElement | { x: number; y: number }): void {
  refreshModels().catch(complain);
  showOverlay((close) => <Selector pane={pane} anchor={anchor} close={close} />);
}

function Selector({ pane, anchor, close }: { pane: Pane | null; anchor: HTMLElement | { x: number; y: number }; close: () => void }) {
  const filter = useSignal('');
  const active = useSignal(0);
  useEffect(() => {
    // The stages of the models in sight; of all there might be hundreds.
    for (const model of models.peek().slice(0, 20))
      if (model.loaded && !stages.peek().has(model.id)) loadStages(model.id).catch(() => {});
  }, [models.value]);
  const rows = rowsOf(filter.value);
  const at = Math.min(active.value, rows.length - 1);
  const take = (row: Row | undefined, beside: boolean) => {
    if (!row?.ref) return;
    close();
    openGraph(row.ref, beside ? { where: 'right', pane } : { where: pane ? 'here' : 'within', pane });
  };
  return (
    <Popover anchor={anchor} close={close} label="Graphs" class="selector">
      <div class="field">
        <Icon name="filter" />
        <input autofocus type="text" placeholder="Filter models and stages" aria-label="Filter models and stages" value={filter.value}
          onInput={(e) => { filter.value = e.currentTarget.value; active.value = 0; }}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown') active.value = Math.min(rows.length - 1, at + 1);
            else if (e.key === 'ArrowUp') active.value = Math.max(0, at - 1);
            else if (e.key === 'Enter') take(rows[at], e.altKey || e.ctrlKey);
            else return;
            e.preventDefault();
            e.stopPropagation();
          }} />
      </div>
      <div class="selector-list" style={{ height: `${Math.min(12, Math.max(1, rows.length)) * 28}px` }}>
        {rows.length === 0 ? <p class="empty">No model fits.</p> : (
          <VirtualList count={rows.length} rowHeight={28} label="Graphs" active={at} rowKey={(i) => rows[i]!.key}
            onActive={(i) => { active.value = i; }} onTake={(i, e) => take(rows[i], e.altKey || e.ctrlKey)}
            row={(i) => {
              const row = rows[i]!;
              return (
                <div role="option" aria-selected={i === at} class={`option ${i === at ? 'active' : ''} ${row.ref ? '' : 'off'}`}
                  style={{ paddingLeft: `${8 + row.depth * 18}px` }} title={row.path}
                  onClick={(e) => take(row, e.altKey || e.ctrlKey)}>
                  <span class="option-text">{row.title}</span>
                  <span class="muted">{row.ref ? row.detail : 'has errors'}</span>
                  <button class="icon-button" aria-label={`Open ${row.title} beside`} title="Open beside (Alt+click)"
                    onClick={(e) => { e.stopPropagation(); take(row, true); }}><Icon name="split" size={14} /></button>
                </div>
              );
            }} />
        )}
      </div>
      <div class="popover-foot">
        <button class="link" onClick={() => { close(); onStartPage.value = true; }}>Open another model…</button>
      </div>
    </Popover>
  );
}
