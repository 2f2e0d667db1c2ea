// The value of a constant in the inspector: what is in it, and the whole as a file of NumPy.

import { useSignal, useSignalEffect } from '@preact/signals';

import { graphQuery, stagePath } from '../app/address';
import { Icon } from '../app/icons';
import { complain } from '../app/notify';
import { inspectorSections, type InspectorContext } from '../app/panels';
import { source } from '../app/store';
import { whole } from '../app/values';
import { fileName, nice, save } from './common';
import type { TensorInfo } from './runs';

function ConstantFacts({ pane, node }: InspectorContext) {
  const info = useSignal<TensorInfo | null>(null);
  useSignalEffect(() => {
    const ref = pane.drawn, selected = pane.selected.value;
    info.value = null;
    if (!ref || selected === null || !pane.graph.value) return;
    const abort = new AbortController();
    source().call<TensorInfo>('GET', `${stagePath(ref)}/constant`, undefined, { signal: abort.signal, query: { node: selected, ...graphQuery(ref) } })
      .then((found) => { info.value = found; }, () => {}); // of a value in another form there is nothing to be said
    return () => abort.abort();
  });
  const t = info.value, s = t?.statistics;
  if (!t || !s || node !== t.node) return null;
  const odd = [s.nans && `${whole(s.nans)} NaN`, s.infinities && `${whole(s.infinities)} infinite`].filter(Boolean).join(', ');
  const file = async () => {
    const bytes = await source().bytes(`${stagePath(pane.drawn!)}/constant/npy`, { query: { node: t.node, ...graphQuery(pane.drawn!) } });
    save(fileName(pane.graph.peek()!.label(t.node).replaceAll('.', '_'), 'npy'), new Blob([bytes]));
  };
  return (
    <div class="constant-facts">
      <span>{whole(s.count)} {s.count === 1 ? 'element' : 'elements'}, {s.min === s.max ? `all ${nice(s.min)}` : `${nice(s.min)} to ${nice(s.max)}`}
        {s.min !== s.max && <span class="muted">, mean {nice(s.mean)}, deviation {nice(s.deviation)}</span>}
        {s.zeros > 0 && <span class="muted">, {s.zeros === s.count ? 'all' : nice((100 * s.zeros) / s.count)}{s.zeros === s.count ? '' : ' %'} zero</span>}
        {odd && <span class="error-text">, {odd}</span>}</span>
      <button class="link" onClick={() => void file().catch(complain)}><Icon name="download" size={12} /> .npy</button>
    </div>
  );
}

inspectorSections.add({
  id: 'constantFacts', title: 'Numbers', order: 31, component: ConstantFacts,
  when: (c) => source().kind === 'server' && !!c.info?.attrs.some((a) => a.key === 'value' && /^\s*dense/.test(String(a.value))),
});
