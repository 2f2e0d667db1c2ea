// Which graph a pane shows: all models of the workspace with their stages and parts, filtered as one types.

import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { Icon } from './icons';
import { complain } from './notify';
import { loadStages, openGraph, refOf, refreshModels } from './open';
import { Popover, showOverlay } from './overlay';
import { changedStages, fetchRun, refreshRuns, runLists, settingsText, showStage } from './run_list';
import { partName, type GraphRef, type Model, type Part } from './source';
import { models, onStartPage, runs, stages, type Pane } from './store';
import { count, when } from './values';
import { VirtualList } from './virtual';

interface Row {
  key: string;
  title: string;
  detail: string;
  depth: number;
  ref: GraphRef | null;
  path: string;
  /** A compile run: its stages are below it when it is unfolded. */
  run?: { model: string; id: string; open: boolean };
  stage?: { model: string; run: string; stage: number };
}

/** Runs whose stages are listed. */
const unfolded = signal<ReadonlySet<string>>(new Set());

/** The runs of a model, and the stages of those that are unfolded or that a filter looks into. */
function runRows(model: Model, filtered: boolean): Row[] {
  const rows: Row[] = [];
  for (const summary of runLists.value.get(model.id) ?? []) {
    const known = runs.value.get(summary.id), open = unfolded.value.has(summary.id);
    rows.push({
      key: `run ${summary.id}`, title: `Compiled: ${settingsText(summary.settings)}`, depth: 1, path: model.path,
      detail: `${summary.state === 'failed' ? 'failed, ' : ''}${when(summary.created)}`, run: { model: model.id, id: summary.id, open },
      ref: { ...refOf(model.id), run: summary.id, stage: known?.stages.at(-1)?.stage ?? 0 },
    });
    for (const s of known && (open || filtered) ? changedStages(known) : [])
      rows.push({
        key: `run ${summary.id}/${s.stage}`, title: `${s.stage} ${s.pass || 'input'}`, detail: count(s.ops, 'op'), depth: 2, path: model.path,
        ref: { ...refOf(model.id), run: summary.id, stage: s.stage }, stage: { model: model.id, run: summary.id, stage: s.stage },
      });
  }
  return rows;
}

/** Parts below those that lead to them, each once; in the order of the file. */
function nested(parts: readonly Part[]): { part: Part; depth: number }[] {
  const of = new Map(parts.filter((p) => p.graph !== undefined).map((p) => [p.graph!, p]));
  const led = new Set(parts.flatMap((p) => (p.subgraphs ?? []).filter((id) => id !== p.graph && of.has(id))));
  const rows: { part: Part; depth: number }[] = [], seen = new Set<Part>();
  const walk = (first: Part) => {
    for (const stack = [{ part: first, depth: 0 }]; stack.length;) {
      const row = stack.pop()!;
      if (seen.has(row.part)) continue;
      seen.add(row.part);
      rows.push(row);
      for (const id of [...row.part.subgraphs ?? []].reverse()) {
        const below = of.get(id);
        if (below) stack.push({ part: below, depth: row.depth + 1 });
      }
    }
  };
  for (const p of parts) if (!led.has(p.graph ?? '')) walk(p);
  for (const p of parts) walk(p); // those that only lead to each other
  return rows;
}

/** The rows: models, below each its stages, the parts of files that have several, and its compile runs. */
function rowsOf(filter: string): Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows: Row[] = [];
  for (const model of models.value) {
    const mine: Row[] = [];
    for (const stage of stages.value.get(model.id) ?? [])
      for (const { part, depth } of stage.parts.length > 1 || stage.stage ? nested(stage.parts) : [])
        mine.push({
          key: `${model.id}/${stage.stage}/${part.part}`, depth: 1 + depth, path: model.path,
          title: (stage.stage || stage.parts.length < 2 ? stage.name : '') + (stage.parts.length > 1 ? ` ${partName(part)}` : ''),
          detail: part.ops === undefined ? '' : count(part.ops, 'op'), ref: part.readable ? refOf(model.id, stage.stage, part.part) : null,
        });
    mine.push(...runRows(model, words.length > 0));
    const hits = (text: string) => words.every((w) => text.toLowerCase().includes(w));
    const kept = hits(`${model.name} ${model.path}`) ? mine : mine.filter((r) => hits(`${model.name} ${model.path} ${r.title}`));
    if (!kept.length && !hits(`${model.name} ${model.path}`)) continue;
    const ops = stages.value.get(model.id)?.[0]?.parts[0]?.ops;
    rows.push({ key: model.id, title: model.name, detail: ops === undefined ? model.format : count(ops, 'op'), depth: 0, ref: refOf(model.id), path: model.path }, ...kept);
  }
  return rows;
}

export function GraphSelector({ pane }: { pane: Pane }) {
  return (
    <button class="graph-selector" aria-haspopup="dialog" title="Choose the graph of this pane (G)" data-selector={pane.id}
      onClick={(e) => openGraphSelector(pane, e.currentTarget)}>
      <Icon name="graph" />
      {pane.title.value.split(' · ').map((part, i) => <span key={i} class={i ? 'title-rest' : ''}>{i > 0 && '· '}{part}</span>)}
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
    // The stages and runs of the models in sight; of all there might be hundreds.
    for (const model of models.peek().slice(0, 20))
      if (model.loaded) {
        if (!stages.peek().has(model.id)) loadStages(model.id).catch(() => {});
        // The list goes without those of a model that has just gone.
        if (model.format.startsWith('mlir')) refreshRuns(model.id).catch(() => {});
      }
  }, [models.value]);
  const rows = rowsOf(filter.value);
  const at = Math.min(active.value, rows.length - 1);
  const take = (row: Row | undefined, beside: boolean) => {
    if (!row?.ref) return;
    close();
    if (row.run || row.stage) {
      const { model } = row.ref, to = row.stage;
      fetchRun(model, row.ref.run!).then((run) => {
        const stage = to?.stage ?? run.stages.at(-1)?.stage ?? 0;
        if (pane?.ref.peek()) return showStage(pane, run, stage, beside);
        openGraph({ ...row.ref!, stage }, { where: 'within', pane });
        return undefined;
      }).catch(complain);
      return;
    }
    openGraph(row.ref, beside ? { where: 'right', pane } : { where: pane ? 'here' : 'within', pane });
  };
  const fold = (row: Row | undefined, open?: boolean) => {
    if (!row?.run || open === row.run.open) return;
    const { model, id } = row.run, next = new Set(unfolded.peek());
    if (!next.delete(id)) next.add(id);
    unfolded.value = next;
    fetchRun(model, id).catch(complain);
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
            else if (rows[at]?.run && (e.key === 'ArrowRight' || e.key === 'ArrowLeft') && !filter.peek()) fold(rows[at], e.key === 'ArrowRight');
            else if (e.key === 'Enter') take(rows[at], e.altKey || e.ctrlKey);
            else return;
            e.preventDefault();
            e.stopPropagation();
          }} />
      </div>
      <div class="selector-list" style={{ height: `${Math.min(12, Math.max(1, rows.length)) * 28}px` }}>
        {rows.length === 0 ? <p class="empty">No model fits.</p> : (
          <VirtualList count={rows.length} rowHeight={28} label="Graphs" active={at} rowKey={(i) => rows[i]!.key}
            onActive={(i) => { active.value = i; }}
            onKey={(e) => { if (e.key === 'ArrowRight' || e.key === 'ArrowLeft') fold(rows[at], e.key === 'ArrowRight'); }} onTake={(i, e) => take(rows[i], e.altKey || e.ctrlKey)}
            row={(i) => {
              const row = rows[i]!;
              return (
                <div role="option" aria-selected={i === at} class={`option ${i === at ? 'active' : ''} ${row.ref ? '' : 'off'}`}
                  style={{ paddingLeft: `${8 + row.depth * 18}px` }} title={row.path} aria-expanded={row.run?.open}
                  onClick={(e) => take(row, e.altKey || e.ctrlKey)}>
                  {row.run && (
                    <button class="twist" tabIndex={-1} aria-label={row.run.open ? 'Fold the stages' : 'Unfold the stages'} title="Its stages (arrow keys)"
                      onClick={(e) => { e.stopPropagation(); fold(row); }}><Icon name={row.run.open ? 'down' : 'right'} size={11} /></button>
                  )}
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
