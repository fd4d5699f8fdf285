import type { EngineFacts, Fields } from './api.ts';
import { el } from './dom.ts';
import { texts } from './texts.en.ts';

/** Who makes the mask: people here, or the model during the run. */
export interface MaskSource {
  readonly element: HTMLElement;
  /** Only what the engine can find is offered. */
  readonly offer: (engine: EngineFacts) => void;
  readonly isAutomatic: () => boolean;
  readonly fields: () => Fields;
}

const sources = ['user', 'background', 'foreground', 'semantic'] as const;

export function createMaskSource(onChange: () => void): MaskSource {
  const select = el('select', { attributes: { id: 'mask-source' }, on: { change: onChange } });
  const label = el('label', { text: texts.maskFrom, attributes: { for: 'mask-source' } });
  const element = el('div', { class: 'field' }, label, select);
  const offer = ({ automaticMasks }: EngineFacts) => {
    const offered = sources.filter((source) => source === 'user' || automaticMasks.includes(source));
    const { value } = select;
    const options = offered.map((source) =>
      el('option', {
        text: texts.maskSources[source],
        attributes: { value: source, selected: source === value },
      }),
    );
    select.replaceChildren(...options);
    element.hidden = offered.length < 2;
  };
  const fields = (): Fields => {
    if (select.value === 'user') return {};
    return { maskMode: select.value, ...(select.value === 'semantic' && { maskClasses: 'person' }) };
  };
  return { element, offer, isAutomatic: () => select.value !== 'user', fields };
}
