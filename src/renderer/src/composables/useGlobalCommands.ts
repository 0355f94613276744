import { Monitor, Moon, Sun } from 'lucide-vue-next';
import { useRouter } from 'vue-router';
import { SCREENS } from '../screens.ts';
import { useRuns } from '../stores/runs.ts';
import { THEMES, useTheme } from '../stores/theme.ts';
import { useCommands } from './useCommands.ts';

const THEME_ICONS = { system: Monitor, dark: Moon, light: Sun } as const;
const THEME_LABELS = { system: 'Theme of the system', dark: 'Dark theme', light: 'Light theme' } as const;

/** Commands that work on every screen: go to a screen or a run, choose the theme. */
export function useGlobalCommands(): void {
  const router = useRouter();
  const runs = useRuns();
  const theme = useTheme();
  useCommands(() =>
    runs.list.map(({ name, title, state }) => ({
      id: `run:${name}`,
      label: title,
      group: 'Runs',
      hint: state,
      run: () => void router.push(`/runs/${name}`),
    })),
  );
  useCommands(() =>
    THEMES.map((choice) => ({
      id: `theme:${choice}`,
      label: THEME_LABELS[choice],
      group: 'Appearance',
      icon: THEME_ICONS[choice],
      run: () => (theme.choice = choice),
    })),
  );
  useCommands(() =>
    SCREENS.map(({ path, label, icon, key }) => ({
      id: `go:${path}`,
      label,
      group: 'Go to',
      icon,
      shortcut: `g ${key}`,
      run: () => void router.push(path),
    })),
  );
}
