// The card "What to show on nodes and edges".

import { nodeLines } from './panels';
import { Popover, showOverlay, type Anchor } from './overlay';
import { attrFilter, edgeShow, NODE_SHOWS, pattern, shown, shownKeys, toggleKey, toggleShown, type EdgeShow } from './show';
import { parameterEdges } from './settings';
import type { Pane } from './store';

export function openShowMenu(pane: Pane, anchor: Anchor): void {
  showOverlay((close) => <ShowMenu pane={pane} anchor={anchor} close={close} />);
}

const EDGES: readonly { by: EdgeShow['by']; title: string }[] = [
  { by: 'none', title: 'Nothing' },
  { by: 'type', title: 'Tensor type' },
  { by: 'output', title: 'Metadata of the output' },
  { by: 'input', title: 'Metadata of the input' },
  { by: 'source', title: 'Attribute of the source' },
  { by: 'target', title: 'Attribute of the target' },
];

function ShowMenu({ pane, anchor, close }: { pane: Pane; anchor: Anchor; close: () => void }) {
  const bad = attrFilter.value.trim() !== '' && !pattern(attrFilter.value);
  const edge = edgeShow.value;
  const features = nodeLines.all().filter((l) => !l.when || l.when(pane));
  return (
    <Popover anchor={anchor} close={close} label="What to show on nodes and edges" class="show-menu">
      <h3>On nodes</h3>
      {[...NODE_SHOWS, ...features].map((s, i) => (
        <label key={s.id} class="check">
          <input type="checkbox" autofocus={i === 0} checked={shown.value.includes(s.id)} onChange={() => toggleShown(s.id)} />{s.title}
        </label>
      ))}
      <label class="field-label">Only attributes that match
        <input type="text" class={bad ? 'bad' : ''} placeholder="regular expression" value={attrFilter.value} spellcheck={false}
          aria-invalid={bad} onInput={(e) => { attrFilter.value = e.currentTarget.value; }} />
      </label>
      {shownKeys.value.length > 0 && (
        <>
          <h4>Single attributes</h4>
          {shownKeys.value.map((key) => (
            <label key={key} class="check"><input type="checkbox" checked onChange={() => toggleKey(key)} /><code>{key}</code></label>
          ))}
        </>
      )}
      <h3>On edges</h3>
      <div role="radiogroup" aria-label="On edges">
        {EDGES.map((e) => (
          <label key={e.by} class="check">
            <input type="radio" name="edge-show" checked={edge.by === e.by}
              onChange={() => { edgeShow.value = e.by === 'none' || e.by === 'type' ? { by: e.by } : { by: e.by, key: 'key' in edge ? edge.key : 'shape' }; }} />
            {e.title}
          </label>
        ))}
      </div>
      <label class="field-label">Edges of parameters
        <select value={parameterEdges.value} onChange={(e) => { parameterEdges.value = e.currentTarget.value; }}>
          <option value="auto">As they fit</option><option value="shown">Always</option><option value="quiet">Short stubs</option>
        </select>
      </label>
      {'key' in edge && (
        <label class="field-label">Key
          <input type="text" value={edge.key} spellcheck={false} onChange={(e) => { edgeShow.value = { by: edge.by, key: e.currentTarget.value } as EdgeShow; }} />
        </label>
      )}
      <div class="popover-foot">
        <button class="link" onClick={() => { shown.value = []; shownKeys.value = []; attrFilter.value = ''; edgeShow.value = { by: 'none' }; }}>
          Show nothing
        </button>
      </div>
    </Popover>
  );
}
