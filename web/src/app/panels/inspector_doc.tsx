// The inspector's documentation of the selected op: operands, attributes and results as its dialect's table has them,
// with what this op has.

import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import * as api from '../api';
import { complain } from '../notify';
import { inspectorSections, type InspectorContext } from '../panels';
import { Problem, type Attribute } from '../source';
import { valueText } from '../values';

/** By op; null: no table has it. Tables do not change while the page is open. */
const known = new Map<string, Promise<api.OpDoc | null>>();

function docOf(op: string): Promise<api.OpDoc | null> {
  let doc = known.get(op);
  if (!doc) {
    doc = api.getOpDoc(op).catch((thrown) => {
      if (thrown instanceof Problem && thrown.detail.status === 404) return null;
      known.delete(op);
      throw thrown;
    });
    known.set(op, doc);
  }
  return doc;
}

const MARKS: Record<api.OpValue['arity'], string> = { 'one': '', 'optional': 'optional', 'variadic': 'any number', 'variadic of variadic': 'lists' };

function Values({ title, values }: { title: string; values: readonly api.OpValue[] }) {
  if (!values.length) return null;
  return (
    <Group title={title}>
      {values.map((v, i) => (
        <Item key={i} name={v.name ?? `${title === 'Operands' ? 'operand' : 'result'} ${i}`} mark={MARKS[v.arity]}>{v.type}</Item>
      ))}
    </Group>
  );
}

function Group({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <>
      <h4 class="doc-head">{title}</h4>
      <dl class="doc-list">{children}</dl>
    </>
  );
}

function Item({ name, mark, children }: { name: string; mark: string; children: ComponentChildren }) {
  return (
    <div class="doc-item">
      <dt><span class="mono">{name}</span>{mark && <span class="chip small">{mark}</span>}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Attr({ attr, present }: { attr: api.OpAttribute; present: Attribute | undefined }) {
  const value = present && valueText(present.value);
  return (
    <Item name={attr.name} mark={attr.optional ? 'optional' : ''}>
      {attr.type}{attr.default !== undefined && <>, by default <span class="mono">{attr.default}</span></>}
      {attr.cases && (
        <span class="doc-cases">{attr.cases.map((c) => <span key={c} class={`mono ${value === c ? 'now' : ''}`} title={value === c ? 'This op has it' : undefined}>{c}</span>)}</span>
      )}
    </Item>
  );
}

function Documentation({ info }: InspectorContext) {
  const doc = useSignal<api.OpDoc | null | undefined>(undefined); // undefined: not known yet
  const op = useSignal('');
  op.value = info?.op ?? '';
  useSignalEffect(() => {
    const name = op.value;
    doc.value = undefined;
    if (!name) return;
    let gone = false;
    docOf(name).then((found) => { if (!gone) doc.value = found; }, complain);
    return () => { gone = true; };
  });
  const now = doc.value;
  if (!now || now.op !== info?.op) return <p class="muted doc-none">{now === null ? 'The tables of the dialects do not have this op.' : ''}</p>;
  return (
    <div class="doc">
      {now.help && <p><b class="mono">{now.op}</b>: {now.help}.</p>}
      {now.traits.length > 0 && <p class="muted">{now.traits.join('; ')}</p>}
      <Values title="Operands" values={now.operands} />
      {now.attributes.length > 0 && (
        <Group title="Attributes">
          {now.attributes.map((a) => <Attr key={a.name} attr={a} present={info.attrs.find((x) => x.key === a.name)} />)}
        </Group>
      )}
      <Values title="Results" values={now.results} />
      {now.regions.length > 0 && (
        <Group title="Regions">
          {now.regions.map((r, i) => <Item key={i} name={r.name ?? `region ${i}`} mark={r.arity === 'one' ? '' : 'any number'}>{null}</Item>)}
        </Group>
      )}
      {now.rules.length > 0 && <Group title="Rules">{now.rules.map((r) => <dd key={r}>{r}</dd>)}</Group>}
      {now.dialect_help && <p class="muted"><span class="mono">{now.dialect}</span>: {now.dialect_help}</p>}
    </div>
  );
}

inspectorSections.add({ id: 'doc', title: 'Documentation', order: 60, folded: true, when: (c) => !!c.info?.op, component: Documentation });
