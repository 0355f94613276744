import { describe, expect, it } from 'vitest';
import { CloseGuard } from '../../../src/main/desktop/close-guard.ts';

/** A studio that notes what happens to it, in order. */
function studio({ trains, answers = [] }: { trains: boolean; answers?: boolean[] }) {
  const events: string[] = [];
  const guard = new CloseGuard({
    isTraining: () => trains,
    confirm: async () => {
      events.push('ask');
      return answers.shift() ?? false;
    },
    onSaving: () => void events.push('saving'),
    stop: async () => {
      events.push('stop');
      if (!trains) return;
      await Promise.resolve();
      events.push('saved');
    },
    leave: () => void events.push('leave'),
  });
  return { guard, events };
}

describe('CloseGuard', () => {
  it('ends a studio that does not train without a question', async () => {
    const { guard, events } = studio({ trains: false });
    await guard.request();
    expect(events).toEqual(['stop', 'leave']);
  });

  it('closes a training only after it has saved', async () => {
    const { guard, events } = studio({ trains: true, answers: [true] });
    await guard.request();
    expect(events).toEqual(['ask', 'saving', 'stop', 'saved', 'leave']);
  });

  it('lets a training go on where the user thinks better of it, and asks again the next time', async () => {
    const { guard, events } = studio({ trains: true, answers: [false, true] });
    await guard.request();
    expect(events).toEqual(['ask']);
    await guard.request();
    expect(events.filter((event) => event === 'ask')).toHaveLength(2);
    expect(events.at(-1)).toBe('leave');
  });

  it('asks once and stops once however often it is told to close', async () => {
    const { guard, events } = studio({ trains: true, answers: [true] });
    await Promise.all([guard.request(), guard.request(), guard.request()]);
    expect(events.filter((event) => event === 'ask')).toHaveLength(1);
    expect(events.filter((event) => event === 'stop')).toHaveLength(1);
  });

  it('saves without a question when the system shuts down, also while it asks', async () => {
    const { guard, events } = studio({ trains: true, answers: [true] });
    await Promise.all([guard.request(), guard.stop()]);
    expect(events.filter((event) => event === 'stop')).toHaveLength(1);
    expect(events.at(-1)).toBe('leave');
  });

  it('leaves also where stopping fails', async () => {
    const events: string[] = [];
    const guard = new CloseGuard({
      isTraining: () => false,
      confirm: async () => true,
      onSaving: () => undefined,
      stop: () => Promise.reject(new Error('disk full')),
      leave: () => void events.push('leave'),
    });
    await expect(guard.request()).rejects.toThrow('disk full');
    expect(events).toEqual(['leave']);
  });
});
