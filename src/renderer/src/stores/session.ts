import { defineStore } from 'pinia';
import { ref } from 'vue';
import { demoSchema, sessionSchema, type Demo, type Session } from '../../../shared/api/session.ts';
import { read, studio } from '../api/client.ts';
import { useConnection } from '../api/events.ts';

/** What the studio is and where it works, and how far the demo is. */
export const useSession = defineStore('session', () => {
  const session = ref<Session>();
  const demo = ref<Demo>({ state: 'none' });
  const connection = useConnection();
  connection.subscribe('snapshot', (snapshot) => (demo.value = snapshot.demo));
  connection.subscribe('demo', (event) => (demo.value = event.demo));

  /** @throws ApiError */
  async function load(): Promise<void> {
    session.value = await read(sessionSchema, studio.api.session.$get());
    demo.value = session.value.demo;
  }

  /** Gets data and trains a tower and a small model, as runs of their own. @throws ApiError */
  async function startDemo(offline = false): Promise<void> {
    demo.value = await read(demoSchema, studio.api.demo.$post({ json: { offline } }));
  }

  return { session, demo, load, startDemo };
});
