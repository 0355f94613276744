import { expect, it } from 'vitest';
import type { StudioEvent } from '../../../../src/shared/api/events.ts';
import { EventHub } from '../../../../src/main/studio/events/event-hub.ts';
import { inBackground } from '../../../../src/main/studio/events/in-background.ts';

it('tells what goes wrong behind the scenes, and never rejects', async () => {
  const events = new EventHub();
  const heard: StudioEvent[] = [];
  events.listen(({ event }) => heard.push(event));
  await inBackground(Promise.resolve('done'), events, 'Quiet');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  await inBackground(Promise.reject(full), events, 'A run');
  const text = 'A run: ENOSPC: no space left on device, write. Free some space on the disk';
  expect(heard).toEqual([{ kind: 'notice', level: 'error', text }]);
});
