import { ref, watch, type Ref } from 'vue';
import { z } from 'zod';

const KEY = 'llavolta.data-view';

const choiceSchema = z.object({
  view: z.enum(['grid', 'list']).catch('grid'),
  /** Least width of a tile, pixels. */
  tileSize: z.number().min(96).max(320).catch(144),
  showsFilters: z.boolean().catch(true),
});
type ViewChoice = z.infer<typeof choiceSchema>;

function stored(): ViewChoice {
  try {
    return choiceSchema.parse(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch {
    return choiceSchema.parse({});
  }
}

/** How samples are laid out, kept in the browser. */
export function useViewChoice(): { [K in keyof ViewChoice]: Ref<ViewChoice[K]> } {
  const choice = stored();
  const view = ref(choice.view);
  const tileSize = ref(choice.tileSize);
  const showsFilters = ref(choice.showsFilters);
  watch([view, tileSize, showsFilters], () => {
    const now: ViewChoice = { view: view.value, tileSize: tileSize.value, showsFilters: showsFilters.value };
    localStorage.setItem(KEY, JSON.stringify(now));
  });
  return { view, tileSize, showsFilters };
}
