// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { TooltipProvider } from 'reka-ui';
import { expect, it } from 'vitest';
import { h, nextTick } from 'vue';
import AppDialog from '../../../src/renderer/src/components/AppDialog.vue';

/** Opens a dialog with this inside. @returns what has the focus */
async function focused(inside: () => unknown): Promise<Element | null> {
  const dialog = mount(
    () => h(TooltipProvider, () => h(AppDialog, { open: true, title: 'Import' }, { default: inside })),
    { attachTo: document.body },
  );
  for (let i = 0; i < 5; i++) await nextTick();
  const element = document.activeElement;
  const copy = element?.cloneNode() as Element | null;
  dialog.unmount();
  return copy;
}

it('begins in the first field', async () => {
  const found = await focused(() => [h('p', 'text'), h('input', { id: 'first' }), h('input', { id: 'second' })]);
  expect(found?.id).toBe('first');
});

it('begins on itself where there is no field, not on the button that closes it', async () => {
  const found = await focused(() => h('p', 'text'));
  expect(found?.getAttribute('role')).toBe('dialog');
});
