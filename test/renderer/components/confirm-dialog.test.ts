// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { afterEach, expect, it } from 'vitest';
import { nextTick } from 'vue';
import ConfirmDialog from '../../../src/renderer/src/components/ConfirmDialog.vue';
import { confirm } from '../../../src/renderer/src/composables/useConfirm.ts';

const QUESTION = { title: 'Delete the run?', text: 'Its folder goes.', action: 'Delete', isDangerous: true };
const dialog = mount(ConfirmDialog, { attachTo: document.body });
afterEach(() => expect(document.querySelector('[role="alertdialog"]')).toBeNull());

async function press(label: string): Promise<void> {
  await nextTick();
  await nextTick();
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('[role="alertdialog"] button')];
  buttons.find(({ textContent }) => textContent?.trim() === label)?.click();
}

it.each([
  ['Delete', true],
  ['Cancel', false],
])('%s answers %s and closes', async (label, expected) => {
  const answer = confirm(QUESTION);
  await press(label);
  expect(await answer).toBe(expected);
  await nextTick();
});

it('answers an open question with no when another comes', async () => {
  const first = confirm(QUESTION);
  const second = confirm({ ...QUESTION, title: 'Stop?' });
  expect(await first).toBe(false);
  await press('Delete');
  expect(await second).toBe(true);
  await nextTick();
  dialog.unmount();
});
