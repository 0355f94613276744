import { computed, useAttrs } from 'vue';

/** Attributes of a field: class and style are its place in the layout, all others are the control's. */
export function useControlAttrs() {
  const attrs = useAttrs();
  const place = computed(() => ({ class: attrs['class'], style: attrs['style'] }));
  const control = computed(() => {
    const { class: _class, style: _style, ...rest } = attrs;
    return rest;
  });
  return { place, control };
}
