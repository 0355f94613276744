// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { fit, rankCommands } from '../../../src/renderer/src/components/rank-commands.ts';
import { listenForShortcuts, shortcutText, useCommands } from '../../../src/renderer/src/composables/useCommands.ts';
import { effectScope } from 'vue';

const command = (label: string, group = 'Runs') => ({ id: label, label, group, run: () => undefined });

it('puts beginnings before words, words before parts, and drops what does not fit', () => {
  expect([fit('stage four', 'sta'), fit('the stage', 'sta'), fit('restage', 'sta'), fit('s-t-a', 'sta')]).toEqual([
    0, 1, 2, 3,
  ]);
  expect(fit('compare', 'sta')).toBe(Infinity);
  const found = rankCommands([command('lr sweep'), command('4stage'), command('Engine', 'Go to')], 's');
  expect(found.map(({ label }) => label)).toEqual(['lr sweep', '4stage']);
});

it('gives single keys, sequences and modified keys, but not while typing', () => {
  const given: string[] = [];
  const scope = effectScope();
  const add = (shortcut: string) => ({ ...command(shortcut), shortcut, run: () => void given.push(shortcut) });
  scope.run(() => useCommands(() => [add('?'), add('g r'), add('mod+k')]));
  const stop = listenForShortcuts();
  const press = (init: KeyboardEventInit, target: EventTarget = document.body): void => {
    target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
  };
  const input = document.body.appendChild(document.createElement('input'));
  press({ key: '?', shiftKey: true });
  press({ key: '?' }, input);
  press({ key: 'g' });
  press({ key: 'r' });
  press({ key: 'k', ctrlKey: true }, input);
  expect(given).toEqual(['?', 'g r', 'mod+k']);
  scope.stop();
  press({ key: '?' });
  expect(given).toHaveLength(3);
  stop();
});

it('leaves the keys to what lies over the page: Escape closes a dialog and does nothing below it', () => {
  const given: string[] = [];
  const scope = effectScope();
  const escape = { ...command('stop'), shortcut: 'escape', run: () => void given.push('escape') };
  scope.run(() => useCommands(() => [escape]));
  const stop = listenForShortcuts();
  const press = (): boolean =>
    document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, key: 'Escape' }));
  const dialog = document.body.appendChild(document.createElement('div'));
  dialog.setAttribute('role', 'dialog');
  // Not prevented: whoever drew the dialog still hears it.
  expect(press()).toBe(true);
  dialog.remove();
  expect(press()).toBe(false);
  expect(given).toEqual(['escape']);
  stop();
  scope.stop();
});

it('writes shortcuts for people', () => {
  expect([shortcutText('mod+k'), shortcutText('g r'), shortcutText('?')]).toEqual(['Ctrl K', 'G R', '?']);
});
