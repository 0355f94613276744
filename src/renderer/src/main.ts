import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { useConnection } from './api/events.ts';
import { watchAudience } from './live/audience.ts';
import { router } from './router.ts';
import { useDatasets } from './stores/datasets.ts';
import { useJobs } from './stores/jobs.ts';
import { useRuns } from './stores/runs.ts';
import { useSession } from './stores/session.ts';
import { useTheme } from './stores/theme.ts';
import { useToasts } from './stores/toasts.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';

const app = createApp(App).use(createPinia());

// The stores that events fill subscribe before the stream opens: its first event is the snapshot.
useTheme();
useRuns();
useJobs();
useDatasets();
const session = useSession();
const toasts = useToasts();
app.config.errorHandler = (error) => {
  console.error(error);
  toasts.showError(error);
};
// Screens are files of their own: those of an older build are gone when the studio was updated under an open page.
router.onError((error) => {
  console.error(error);
  const action = { label: 'Reload', run: () => window.location.reload() };
  toasts.show('This screen could not be loaded. The studio was updated, or does not answer.', {
    level: 'error',
    action,
  });
});
watchAudience();
const connection = useConnection();
connection.subscribe('notice', ({ level, text }) => toasts.show(text, { level }));
connection.connect();
session.load().catch(toasts.showError);

app.use(router).mount('#app');
