import type { Capabilities, Fields } from './api.ts';
import { el } from './dom.ts';
import { texts } from './texts.en.ts';

/** Who makes the mask: people here, or the service during the run. */
export interface MaskSource {
  readonly element: HTMLElement;
  readonly isAutomatic: () => boolean;
  readonly fields: () => Fields;
}

/** Values of `maskMode` that need nothing beside them. */
const sources = ['user', 'people', 'foreground', 'background'] as const;

/** Only what the service can find is offered. */
export function createMaskSource({ fields }: Capabilities, onChange: () => void): MaskSource {
  const known = fields.properties['maskMode']?.enum ?? [];
  const offered = sources.filter((source) => known.includes(source));
  const options = offered.map((source) =>
    el('option', { text: texts.maskSources[source], attributes: { value: source } }),
  );
  const select = el('select', { attributes: { id: 'mask-source' }, on: { change: onChange } }, ...options);
  const label = el('label', { text: texts.maskFrom, attributes: { for: 'mask-source' } });
  const element = el('div', { class: 'field' }, label, select);
  element.hidden = offered.length < 2;
  const isAutomatic = () => offered.length > 1 && select.value !== 'user';
  return { element, isAutomatic, fields: () => (isAutomatic() ? { maskMode: select.value } : {}) };
}
