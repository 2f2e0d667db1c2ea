// The op table: all ops of the graph, sorted, filtered, grouped, with sums; a click on a row goes to the node.

import { signal, useSignal, useSignalEffect } from '@preact/signals';

import { Icon } from '../icons';
import { nodeInfos } from '../node_info';
import { complain } from '../notify';
import { showMenu } from '../overlay';
import { panels } from '../panels';
import { pattern } from '../show';
import { activePane, type Pane } from '../store';
import { count, whole } from '../values';
import { VirtualList } from '../virtual';
import { WaitCard } from '../wait';
import {
  addAttrColumn, askTable, attrColumns, columns, filter, gatherAttrs, gathering, groupBy, GROUPS, listedOps, MOST_ATTRS, openGroups, rows, sort,
  table, tabulating, totals, type Column,
} from './op_table_state';

const ROW = 22;

/** Which attributes the first ops of each kind have, as a menu. */
async function chooseColumn(pane: Pane, anchor: HTMLElement): Promise<void> {
  const graph = pane.graph.peek(), ref = pane.ref.peek();
  if (!graph || !ref) return;
  const first = new Map<number, number>();
  for (let i = 1; i < graph.n && first.size < 60; i++)
    if (!graph.isLayer(i) && !first.has(graph.labelNumber(i))) first.set(graph.labelNumber(i), i);
  const infos = await nodeInfos(ref, [...first.values()]);
  const keys = [...new Set(infos.flatMap((info) => info.attrs.map((a) => a.key)))].sort();
  showMenu(anchor, keys.map((key) => ({
    kind: 'item', text: key, checked: attrColumns.peek().includes(key),
    run: () => {
      if (attrColumns.peek().includes(key)) attrColumns.value = attrColumns.peek().filter((k) => k !== key);
      else addAttrColumn(pane, key).catch(complain);
    },
  })), 'Attributes as columns');
}

function Heads({ shown }: { shown: readonly Column[] }) {
  return (
    <div class="table-row heads" role="row">
      {shown.map((c) => {
        const on = sort.value.id === c.id;
        const order = () => { sort.value = { id: c.id, down: on ? !sort.value.down : c.kind === 'number' && c.id !== 'order' }; };
        return (
          <div key={c.id} role="columnheader" tabIndex={0} aria-sort={on ? (sort.value.down ? 'descending' : 'ascending') : 'none'}
            class={`cell head ${c.kind}`} style={{ width: `${c.width}px` }} title={c.help ?? c.title}
            onClick={order} onKeyDown={(e) => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); e.stopPropagation(); order(); } }}>
            <span>{c.title}</span>{on && <Icon name={sort.value.down ? 'down' : 'up'} size={11} />}
          </div>
        );
      })}
    </div>
  );
}

const linkSelection = signal(false);

function OpTable() {
  const active = useSignal(-1);
  const scrollTo = useSignal(-1);
  const { pane, graph } = table.value ?? {}, list = rows.value, shown = columns.value, sum = totals.value;

  useSignalEffect(askTable);
  useSignalEffect(() => {
    // Columns chosen before want their values for this graph, too.
    const p = activePane.value;
    if (p?.graph.value && attrColumns.peek().length) gatherAttrs(p).catch(complain);
  });
  useSignalEffect(() => {
    const node = activePane.value?.selected.value;
    if (node === null || node === undefined || linkSelection.peek()) return;
    const at = rows.value.indexOf(node);
    active.value = at;
    scrollTo.value = at;
  });
  if (!pane || !graph || !sum) return <p class="empty">{activePane.value?.graph.value ? 'Sorting the ops…' : 'No graph is open.'}</p>;

  const width = shown.reduce((w, c) => w + c.width, 0);
  const selected = new Set(pane.selection.value);
  const take = (i: number, select: boolean) => {
    const row = list.at(i);
    if (!row) return;
    if (row.kind === 'op') {
      linkSelection.value = true;
      void pane.locate(row.node, { select }).finally(() => { linkSelection.value = false; });
    } else if (select) {
      const next = new Set(openGroups.peek());
      if (!next.delete(row.name)) next.add(row.name);
      openGroups.value = next;
    }
  };
  const bad = filter.value.trim() !== '' && !pattern(filter.value);
  return (
    <div class="panel ops">
      <div class="panel-bar">
        <div class="field grow"><Icon name="filter" size={13} />
          <input data-autofocus type="text" placeholder="Filter ops, layers, types (regular expression)" aria-label="Filter the table" aria-invalid={bad} value={filter.value}
            spellcheck={false} onInput={(e) => { filter.value = e.currentTarget.value; }} />
          {filter.value && <button class="icon-button small" aria-label="Clear the filter" onClick={() => { filter.value = ''; }}><Icon name="close" size={12} /></button>}
        </div>
        <select aria-label="Groups" value={groupBy.value} onChange={(e) => { groupBy.value = e.currentTarget.value; }}>
          {GROUPS.map((g) => <option key={g.id} value={g.id}>{g.title}</option>)}
        </select>
        <button aria-haspopup="menu" title="Attributes as columns" onClick={(e) => void chooseColumn(pane, e.currentTarget).catch(complain)}>
          <Icon name="plus" size={13} /> Column</button>
      </div>
      {gathering.value && <WaitCard wait={gathering.value} />}
      {graph.nOps > MOST_ATTRS && attrColumns.value.length > 0 && <p class="hint">Attributes are shown for the first {whole(MOST_ATTRS)} ops.</p>}
      {list.count === 0 ? <p class="empty">No op matches.</p> : (
        <VirtualList class="grow table" role="grid" label="Ops" count={list.count} rowHeight={ROW} active={active.value} scrollTo={scrollTo} minWidth={width}
          header={<Heads shown={shown} />} headerHeight={26}
          rowKey={(i) => { const r = list.at(i)!; return r.kind === 'op' ? r.node : `group ${r.name}`; }}
          onActive={(i) => { active.value = i; take(i, list.at(i)?.kind === 'op'); }} onTake={(i) => take(i, true)}
          row={(i) => {
            const row = list.at(i)!;
            if (row.kind === 'group') {
              const open = openGroups.value.has(row.name);
              return (
                <div role="row" aria-expanded={open} class={`table-row group ${i === active.value ? 'active' : ''}`} onClick={() => { active.value = i; take(i, true); }}>
                  {shown.map((c, k) => (
                    <div key={c.id} role="gridcell" class={`cell ${c.kind}`} style={{ width: `${c.width}px` }}>
                      {k === 0 ? <Icon name={open ? 'down' : 'right'} size={11} /> : k === 1 ? <b title={row.name}>{row.name || '(none)'}</b>
                        : k === 2 ? <span class="muted">{count(row.count, 'op')}</span> : c.sum ? whole(row.sums.get(c.id)!) : ''}
                    </div>
                  ))}
                </div>
              );
            }
            return (
              <div role="row" aria-selected={selected.has(row.node)}
                class={`table-row ${selected.has(row.node) ? 'selected' : ''} ${i === active.value ? 'active' : ''} ${pane.hovered.value === row.node ? 'hovered' : ''}`}
                onClick={() => { active.value = i; take(i, true); }}>
                {shown.map((c) => {
                  const value = c.of(graph, row.node);
                  const text = c.kind === 'number' ? (value === 0 && c.sum ? '' : whole(value as number)) : String(value);
                  return <div key={c.id} role="gridcell" class={`cell ${c.kind}`} style={{ width: `${c.width}px` }} title={c.kind === 'text' ? text : undefined}>{text}</div>;
                })}
              </div>
            );
          }} />
      )}
      <div class="table-foot" role="status" aria-busy={tabulating.value}>
        <span>{sum.count === sum.all ? count(sum.all, 'op') : `${whole(sum.count)} of ${count(sum.all, 'op')}`}</span>
        {columns.value.filter((c) => c.sum).map((c) => <span key={c.id}><span class="muted">{c.title}</span> {whole(sum.sums.get(c.id) ?? 0)}</span>)}
        <span class="grow" />
        <button class="link" disabled={!sum.count} onClick={() => pane.select(listedOps())}>Select these</button>
      </div>
    </div>
  );
}

panels.add({
  id: 'ops', title: 'Ops', icon: 'table', side: 'bottom', size: 260, order: 40, shortcut: 'Shift+O',
  help: 'All ops as a table: sorted, filtered, grouped, with sums.', component: OpTable,
});
