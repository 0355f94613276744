import { expect, it } from 'vitest';
import { ApiError, errorOfAnswer, failureOf } from '../../../src/renderer/src/api/api-error.ts';

it('takes cause, what to do and place from the studio', async () => {
  const failure = {
    ...{ cause: 'No such file', whatToDo: 'Choose another', details: 'x.jsonl' },
    problem: { file: 'x.jsonl', rule: 'must exist' },
  };
  const error = await errorOfAnswer(new Response(JSON.stringify({ error: failure }), { status: 400 }));
  expect(error).toBeInstanceOf(ApiError);
  expect([error.status, failureOf(error)]).toEqual([400, failure]);
});

it('says something useful of an answer in another form', async () => {
  const error = await errorOfAnswer(new Response('<h1>Bad gateway</h1>', { status: 502 }));
  expect(error.failure.cause).toContain('502');
  expect(error.failure.details).toContain('Bad gateway');
});

it('makes a failure of any error', () => {
  expect(failureOf(new TypeError('x is not y')).cause).toBe('x is not y');
});
