// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { expect, it } from 'vitest';
import NumberField from '../../../src/renderer/src/components/NumberField.vue';
import { readNumber, stepped, writeNumber } from '../../../src/renderer/src/components/number-input.ts';

const mountField = (props: Record<string, unknown> = {}) =>
  mount(NumberField, { props: { label: 'Learning rate', modelValue: 0.001, min: 0, aboveMin: true, ...props } });

it('says what is wrong while typing and passes on sound values only', async () => {
  const field = mountField({ max: 100 });
  const input = field.get('input');
  await input.setValue('abc');
  expect(field.get('[role="alert"]').text()).toBe('must be a number, such as 20 or 1e-3');
  expect(input.attributes('aria-invalid')).toBe('true');
  await input.setValue('0');
  expect(field.get('[role="alert"]').text()).toBe('must be above 0');
  await input.setValue('200');
  expect(field.get('[role="alert"]').text()).toBe('must be 100 or less');
  expect(field.emitted('update:modelValue')).toBeUndefined();
  await input.setValue('2e-3');
  expect(field.find('[role="alert"]').exists()).toBe(false);
  expect(field.emitted('update:modelValue')).toEqual([[0.002]]);
  expect(field.emitted('validity')?.at(-1)).toEqual([true]);
});

it('keeps the text that was typed when the same value comes back', async () => {
  const field = mountField();
  const input = field.get('input');
  await input.setValue('2.50');
  await field.setProps({ modelValue: 2.5 });
  expect(input.element.value).toBe('2.50');
  await field.setProps({ modelValue: 3 });
  expect(input.element.value).toBe('3');
});

it('ties label, unit and error to the input', async () => {
  const field = mountField({ unit: 'steps', error: 'must divide batchSize' });
  const input = field.get('input');
  expect(field.get('label').attributes('for')).toBe(input.attributes('id'));
  expect(field.get(`#${input.attributes('aria-describedby') ?? ''}`).text()).toBe('must divide batchSize');
  expect(field.text()).toContain('steps');
});

it('moves by the arrow keys within its limits', async () => {
  const field = mountField({ modelValue: 9, min: 1, max: 10, aboveMin: false, integer: true });
  const input = field.get('input');
  await input.trigger('keydown', { key: 'ArrowUp' });
  expect(input.element.value).toBe('10');
  await field.setProps({ modelValue: 10 });
  await input.trigger('keydown', { key: 'ArrowUp', shiftKey: true });
  expect(input.element.value).toBe('10');
  await input.trigger('keydown', { key: 'ArrowDown', shiftKey: true });
  expect(input.element.value).toBe('1');
});

it('reads and writes numbers without loss', () => {
  for (const value of [0, 0.1, 1e-8, 2.5e-5, 123_456_789, -3]) {
    expect(readNumber(writeNumber(value))).toEqual({ value });
  }
  expect(readNumber('', { optional: true })).toEqual({ value: undefined });
  expect(readNumber('')).toHaveProperty('error');
  expect(readNumber('1.5', { integer: true })).toEqual({ error: 'must be a whole number' });
  expect(readNumber('0x10')).toHaveProperty('error');
  expect(readNumber('1e999')).toHaveProperty('error');
  expect(stepped(0.1, 0.2, {})).toBe(0.3);
});
